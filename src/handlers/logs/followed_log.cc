#include "handlers/logs/followed_log.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/text.h"
#include "services/execution_entry_json.h"

namespace wasm_server {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Executor>;

// An execution's time is taken from a clock that is up to so much behind.
constexpr UnixMillis kCoarseClockMillis = 20;

// Each looks for what is new so often, whether anything is or not.
constexpr std::size_t kMaxFollowers = 256;
constexpr std::chrono::milliseconds kLook{100};
constexpr std::size_t kMaxAtOnce = 100;
// Whoever is gone is noticed by then, and proxies keep the connection.
constexpr std::chrono::seconds kHeartbeat{15};
constexpr std::chrono::seconds kModuleLook{1};

class FollowedLog final : public BodySource {
 public:
  FollowedLog(const HandlerDeps& deps, Followers& followers, WasmMetaData module,
              std::optional<std::uint64_t> after, std::size_t limit)
      : deps_(deps),
        followers_(followers),
        module_(std::move(module)),
        last_(after.value_or(0)),
        new_(read_log(deps.executions, module_, after, limit)) {
    ++followers_.count;
  }
  ~FollowedLog() override { --followers_.count; }
  FollowedLog(const FollowedLog&) = delete;
  FollowedLog& operator=(const FollowedLog&) = delete;

  std::optional<std::uint64_t> size() const override { return std::nullopt; }

  Task<Result<ByteView>> next() override {
    const auto executor = co_await asio::this_coro::executor;
    Timer timer(executor);
    const auto begun = SteadyClock::now();
    piece_ = std::exchange(begun_, true) ? "" : ":\n\n";  // the answer begins at once
    while (!take_new() && piece_.empty()) {
      if (!goes_on()) break;
      if (SteadyClock::now() - begun >= kHeartbeat) piece_ = ":\n\n";
      if (!piece_.empty()) break;
      timer.expires_after(kLook);
      boost::system::error_code ignored;
      auto token = asio::redirect_error(use_task, ignored);
      co_await timer.async_wait(token);
    }
    co_return ByteView{piece_};
  }

 private:
  // Whether there was anything.
  bool take_new() {
    for (const ExecutionEntry& entry : new_) {
      piece_ += "id: ";
      append_number(piece_, entry.number);
      piece_ += "\nevent: execution\ndata: {";
      append_members(piece_, entry);
      piece_ += "}\n\n";
      last_ = entry.number;
    }
    const bool any = !new_.empty();
    new_ = read_log(deps_.executions, module_, last_, kMaxAtOnce);
    return any;
  }

  bool goes_on() {
    if (!deps_.readiness.ready()) return false;
    const auto now = SteadyClock::now();
    if (now < look_at_module_) return true;
    look_at_module_ = now + kModuleLook;
    const auto module = deps_.modules.find(module_.id);
    return module && module->created_at == module_.created_at;
  }

  const HandlerDeps& deps_;
  Followers& followers_;
  const WasmMetaData module_;
  std::uint64_t last_;  // that was sent
  std::vector<ExecutionEntry> new_;
  bool begun_ = false;
  SteadyClock::time_point look_at_module_{};
  Bytes piece_;
};

}  // namespace

std::vector<ExecutionEntry> read_log(const ExecutionLog& log, const WasmMetaData& module,
                                     std::optional<std::uint64_t> after, std::size_t limit) {
  auto entries = log.read(module.id, after, limit);
  std::erase_if(entries, [&module](const ExecutionEntry& entry) {
    return entry.ended_at < module.created_at - kCoarseClockMillis;
  });
  return entries;
}

Result<Reply> followed_log(const HandlerDeps& deps, Followers& followers, WasmMetaData module,
                           std::optional<std::uint64_t> after, std::size_t limit) {
  if (followers.count >= kMaxFollowers)
    return fail(ErrorCode::kOverloaded, "too many clients follow a log");
  Reply reply;
  reply.content_type = "text/event-stream";
  reply.body = std::make_unique<FollowedLog>(deps, followers, std::move(module), after, limit);
  return reply;
}

}  // namespace wasm_server
