// Functions for which there is never anything to do: the only numbers that are open are streams.

#include "base/utf8.h"
#include "engine/wasi/wasi_call.h"

namespace wasm_server::wasi {

namespace {

// Far above what any file system takes: more is not looked at.
constexpr std::uint32_t kMaxPathBytes = 64U << 10;

// A time is given, or it is "now", or neither.
bool says_one_thing(std::uint64_t flags) {
  constexpr std::uint64_t kAccessed = 1U << 0 | 1U << 1;
  constexpr std::uint64_t kModified = 1U << 2 | 1U << 3;
  return (flags & kAccessed) != kAccessed && (flags & kModified) != kModified;
}

}  // namespace

Errno refuse_file(Call& /*call*/) { return Errno::kBadf; }

Errno fd_filestat_set_times(Call& call) {
  return says_one_thing(call.u64(3)) ? Errno::kBadf : Errno::kInval;
}

Errno path_filestat_set_times(Call& call) {
  return says_one_thing(call.u64(6)) ? Errno::kBadf : Errno::kInval;
}

Errno fd_prestat_dir_name(Call& call) {
  return call.state.stream(call.u32(0)) ? Errno::kNotdir : Errno::kBadf;
}

Errno path_open(Call& call) {
  const auto length = call.u32(3);
  const char* path = call.memory.at(call.u32(2), length);
  if (path == nullptr) return Errno::kFault;
  if (length > kMaxPathBytes) return Errno::kNametoolong;
  return is_utf8({path, length}) ? Errno::kBadf : Errno::kIlseq;
}

Errno refuse_socket(Call& call) {
  return call.state.stream(call.u32(0)) ? Errno::kNotsock : Errno::kBadf;
}

Errno proc_raise(Call& /*call*/) { return Errno::kNotsup; }

}  // namespace wasm_server::wasi
