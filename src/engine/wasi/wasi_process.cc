#include <sys/random.h>

#include <chrono>

#include "engine/wasi/wasi.h"
#include "engine/wasi/wasi_call.h"

namespace wasm_server::wasi {

namespace {

using std::chrono::nanoseconds;

// Larger requests are filled piece by piece between polls.
constexpr std::uint32_t kRandomAtOnce = 256;  // getrandom() up to this is never short

// Writes zero-terminated strings one after the other, and a table of pointers to them.
class StringTable {
 public:
  StringTable(const Call& call, std::uint32_t table, std::uint32_t buffer)
      : memory_(call.memory), table_(table), buffer_(buffer) {}

  void add(std::string_view first, std::string_view second = {}, std::string_view third = {}) {
    ok_ = ok_ && memory_.store(table_, buffer_);
    table_ += 4;
    for (const auto part : {first, second, third, std::string_view("\0", 1)}) append(part);
  }
  bool ok() const { return ok_; }

 private:
  void append(std::string_view part) {
    char* place = memory_.at(buffer_, part.size());
    ok_ = ok_ && place != nullptr;
    if (!ok_ || part.empty()) return;
    std::memcpy(place, part.data(), part.size());
    buffer_ += static_cast<std::uint32_t>(part.size());
  }

  GuestMemory memory_;
  std::uint32_t table_;
  std::uint32_t buffer_;
  bool ok_ = true;
};

Errno store_sizes(const Call& call, std::size_t count, std::size_t bytes) {
  const bool ok = call.memory.store(call.u32(1), static_cast<std::uint32_t>(bytes)) &&
                  call.memory.store(call.u32(0), static_cast<std::uint32_t>(count));
  return ok ? Errno::kSuccess : Errno::kFault;
}

}  // namespace

std::uint64_t now_on(ClockId clock) {
  const auto count = clock == ClockId::kRealtime
                         ? nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count()
                         : nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  return static_cast<std::uint64_t>(count);
}

bool has_clock(std::uint32_t id) { return id <= 1; }

Errno args_sizes_get(Call& call) {
  std::size_t bytes = kProgramName.size() + 1;
  for (const auto& arg : call.state.input().args) bytes += arg.size() + 1;
  return store_sizes(call, call.state.input().args.size() + 1, bytes);
}

Errno args_get(Call& call) {
  StringTable table(call, call.u32(0), call.u32(1));
  table.add(kProgramName);
  for (const auto& arg : call.state.input().args) table.add(arg);
  return table.ok() ? Errno::kSuccess : Errno::kFault;
}

Errno environ_sizes_get(Call& call) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : call.state.input().env) bytes += name.size() + value.size() + 2;
  return store_sizes(call, call.state.input().env.size(), bytes);
}

Errno environ_get(Call& call) {
  StringTable table(call, call.u32(0), call.u32(1));
  for (const auto& [name, value] : call.state.input().env) table.add(name, "=", value);
  return table.ok() ? Errno::kSuccess : Errno::kFault;
}

Errno clock_res_get(Call& call) {
  if (!has_clock(call.u32(0))) return Errno::kBadf;
  constexpr std::uint64_t kResolution = 1;
  return call.memory.store(call.u32(1), kResolution) ? Errno::kSuccess : Errno::kFault;
}

Errno clock_time_get(Call& call) {
  if (!has_clock(call.u32(0))) return Errno::kBadf;
  const auto now = now_on(static_cast<ClockId>(call.u32(0)));
  return call.memory.store(call.u32(2), now) ? Errno::kSuccess : Errno::kFault;
}

Errno random_get(Call& call) {
  const auto length = call.u32(1);
  char* place = call.memory.at(call.u32(0), length);
  if (place == nullptr) return Errno::kFault;
  if (length <= kRandomAtOnce && getrandom(place, length, 0) == static_cast<ssize_t>(length)) {
    return Errno::kSuccess;
  }
  call.state.wait_for_random({place, length});
  return Errno::kSuccess;
}

Errno sched_yield(Call& /*call*/) { return Errno::kSuccess; }

Errno proc_exit(Call& call) {
  call.state.exit_code = static_cast<std::int32_t>(call.u32(0));
  return Errno::kSuccess;  // the trampoline stops the guest
}

}  // namespace wasm_server::wasi
