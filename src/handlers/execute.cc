#include "handlers/execute.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "handlers/execute_plan.h"
#include "handlers/execute_reply.h"
#include "handlers/output_stream.h"
#include "handlers/resource_reply.h"

namespace wasm_server {
namespace {

// How long the first output of a guest waits for more, or for the guest's end, before the answer
// begins.
constexpr std::chrono::milliseconds kStreamPatience{20};
constexpr std::string_view kExitCodeHeader = "Wasm-Exit-Code";

struct ExecuteDeps {
  const HandlerDeps& handlers;
  ModuleCache& modules;
  Worker& worker;
};

ExecuteOrder make_order(ExecutePlan&& plan, Peer* peer) {
  ExecuteOrder order;
  order.module_id = plan.module->meta_data.id;
  order.gate = plan.gate;
  order.invocation = std::move(plan.order);
  order.on_wait = [peer](std::function<void()> cancel) { peer->watch(std::move(cancel)); };
  return order;
}

// What of a stream had not been sent when the answer began, and all that follows.
class StreamBody : public BodySource {
 public:
  explicit StreamBody(std::shared_ptr<OutputStream> stream, std::function<void()> cancel)
      : stream_(std::move(stream)), cancel_(std::move(cancel)) {}
  ~StreamBody() override {
    if (!stream_->outcome()) cancel_();
  }
  StreamBody(const StreamBody&) = delete;
  StreamBody& operator=(const StreamBody&) = delete;

  std::optional<std::uint64_t> size() const override { return std::nullopt; }

  Task<Result<ByteView>> next() override {
    piece_ = co_await stream_->take();
    const auto& outcome = stream_->outcome();
    if (piece_.empty() && !exit_code_of(*outcome)) co_return std::unexpected{failure_of(*outcome)};
    co_return ByteView(piece_);
  }

  std::string trailers() override {
    const auto code = exit_code_of(*stream_->outcome());
    return std::string(kExitCodeHeader).append(": ").append(std::to_string(*code)).append("\r\n");
  }

 private:
  std::shared_ptr<OutputStream> stream_;
  std::function<void()> cancel_;
  Bytes piece_;
};

// The call of a streamed execution, running beside the handler that reads its output.
struct StreamedCall {
  std::shared_ptr<OutputStream> stream;
  std::function<void()> cancel = [] {};
};

Task<void> run_streamed(Worker& worker, ExecutePlan plan, std::shared_ptr<StreamedCall> call) {
  auto order = make_order(std::move(plan), nullptr);
  order.invocation.sink = call->stream.get();
  order.on_wait = [call](std::function<void()> cancel) { call->cancel = std::move(cancel); };
  order.on_resumable = [call](std::function<void()> resume) {
    call->stream->set_resume(std::move(resume));
  };
  auto outcome = co_await worker.execute(std::move(order));
  call->stream->finish(std::move(outcome));
}

void on_streamed_end(const StreamedCall& call, const std::exception_ptr& error) {
  if (!error) return;
  Outcome outcome;
  outcome.ending = Refused{{ErrorCode::kInternal, "the execution failed"}};
  call.stream->finish(std::move(outcome));
}

// The guest has ended before anything was sent: an ordinary answer, with the exit code in its
// header.
Task<Reply> finished_stream_reply(OutputStream& stream, std::string type,
                                  std::string_view request_id, std::uint64_t revision) {
  const auto& outcome = *stream.outcome();
  const auto code = exit_code_of(outcome);
  Reply reply;
  if (code) {
    reply.add_header("Content-Type", type);
    reply.add_header(kExitCodeHeader, std::to_string(*code));
    auto bytes = co_await stream.take();
    reply.body = std::move(bytes);
  } else {
    reply = failure_reply(outcome, request_id);
  }
  add_execute_headers(reply, outcome, revision);
  co_return reply;
}

Task<Reply> execute_streamed(const ExecuteDeps& deps, Request& request, ExecutePlan plan) {
  const auto executor = co_await asio::this_coro::executor;
  auto call = std::make_shared<StreamedCall>();
  call->stream = std::make_shared<OutputStream>(executor);
  const auto revision = plan.module->meta_data.revision;
  const auto type = std::move(*plan.stream_type);
  auto running = run_streamed(deps.worker, std::move(plan), call);
  auto on_end = [call](const std::exception_ptr& error) { on_streamed_end(*call, error); };
  asio::co_spawn(executor, std::move(running), std::move(on_end));

  request.peer->watch([call] { call->cancel(); });
  co_await call->stream->wait_for_start(kStreamPatience);
  request.peer->unwatch();
  if (call->stream->outcome()) {
    auto reply = co_await finished_stream_reply(*call->stream, type, request.request_id, revision);
    co_return reply;
  }
  Reply reply;
  reply.add_header("Content-Type", type);
  reply.add_header("Trailer", kExitCodeHeader);
  reply.add_header("Wasm-Revision", std::to_string(revision));
  reply.body = std::make_unique<StreamBody>(call->stream, [call] { call->cancel(); });
  co_return reply;
}

Task<Reply> execute_whole(const ExecuteDeps& deps, Request& request, ExecutePlan plan) {
  const ExecuteContext context{request.request_id, plan.module->meta_data.revision,
                               plan.is_command};
  const auto module = plan.module;  // the order refers to its id
  auto order = make_order(std::move(plan), request.peer);
  const auto outcome = co_await deps.worker.execute(std::move(order));
  request.peer->unwatch();
  co_return execute_reply(outcome, context);
}

Task<Result<ModuleCache::Module>> find_module(const ExecuteDeps& deps, Request& request) {
  const auto revision = parse_revision(request);
  if (!revision) co_return std::unexpected{revision.error()};
  auto found = deps.modules.find(request.id, *revision);
  if (found != nullptr) co_return found;
  const auto asked = parse_timeout(request);
  if (!asked) co_return std::unexpected{asked.error()};
  // The module's own limit is not known before it is loaded.
  const auto most = deps.handlers.limits.defaults.timeout_ms;
  const std::chrono::milliseconds timeout(std::min(asked->value_or(most), most));
  auto loaded = co_await deps.modules.load(std::string(request.id), *revision, timeout);
  co_return loaded;
}

Task<Reply> execute(const ExecuteDeps& deps, Request& request) {
  auto module = co_await find_module(deps, request);
  if (!module) co_return problem(module.error(), request.request_id);
  auto plan = make_execute_plan(request, std::move(*module), deps.handlers.limits);
  if (!plan) co_return problem(plan.error(), request.request_id);
  if (plan->stream_type) {
    auto reply = co_await execute_streamed(deps, request, std::move(*plan));
    co_return reply;
  }
  auto reply = co_await execute_whole(deps, request, std::move(*plan));
  co_return reply;
}

}  // namespace

void register_execute_handler(Router& router, const HandlerDeps& deps, ModuleCache& modules,
                              Worker& worker) {
  const auto shared = std::make_shared<const ExecuteDeps>(deps, modules, worker);
  router.add(Method::kPost, "/wasm/{id}",
             [shared](Request& request) { return execute(*shared, request); });
}

}  // namespace wasm_server
