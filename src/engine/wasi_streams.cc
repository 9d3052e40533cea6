#include <algorithm>

#include "engine/wasi_call.h"

namespace wasm_server::wasi {

namespace {

// One fd_write or fd_read moves at most this much and looks at no more vectors than this, so that
// no host call is long; the guest sees a short write or read.
constexpr std::uint32_t kMostBytes = 64U << 10;
constexpr std::uint32_t kMostVectors = 1024;

struct Vector {
  std::uint32_t offset;
  std::uint32_t length;
};

bool load_vector(const Call& call, std::uint32_t array, std::uint32_t index, Vector& vector) {
  const char* place = call.memory.at(array, std::uint64_t{index + 1} * kIovecBytes);
  if (place == nullptr) return false;
  std::memcpy(&vector, place + std::size_t{index} * kIovecBytes, sizeof vector);
  return true;
}

Errno for_open_fd(const Call& call, Errno answer) {
  return call.state.is_open(call.u32(0)) ? answer : Errno::kBadf;
}

}  // namespace

Errno fd_write(Call& call) {
  const auto fd = call.u32(0);
  if (!call.state.is_open(fd) || fd == 0) return Errno::kBadf;
  const auto count = std::min(call.u32(2), kMostVectors);
  std::uint32_t written = 0;
  for (std::uint32_t i = 0; i < count && written < kMostBytes; ++i) {
    Vector vector{};
    if (!load_vector(call, call.u32(1), i, vector)) return Errno::kFault;
    const char* bytes = call.memory.at(vector.offset, vector.length);
    if (bytes == nullptr) return Errno::kFault;
    const auto length = std::min(vector.length, kMostBytes - written);
    if (!call.state.write(fd, {bytes, length})) return Errno::kSuccess;  // the trampoline stops it
    written += length;
  }
  if (fd == 1) call.state.wait_for_output();
  return call.memory.store(call.u32(3), written) ? Errno::kSuccess : Errno::kFault;
}

Errno fd_read(Call& call) {
  if (!call.state.is_open(call.u32(0)) || call.u32(0) != 0) return Errno::kBadf;
  const auto count = std::min(call.u32(2), kMostVectors);
  std::uint32_t got = 0;
  for (std::uint32_t i = 0; i < count && got < kMostBytes; ++i) {
    Vector vector{};
    if (!load_vector(call, call.u32(1), i, vector)) return Errno::kFault;
    char* place = call.memory.at(vector.offset, vector.length);
    if (place == nullptr) return Errno::kFault;
    const auto bytes = call.state.read_stdin(std::min(vector.length, kMostBytes - got));
    std::memcpy(place, bytes.data(), bytes.size());
    got += static_cast<std::uint32_t>(bytes.size());
    if (bytes.size() < vector.length) break;
  }
  return call.memory.store(call.u32(3), got) ? Errno::kSuccess : Errno::kFault;
}

Errno fd_close(Call& call) {
  if (!call.state.is_open(call.u32(0))) return Errno::kBadf;
  call.state.close(call.u32(0));
  return Errno::kSuccess;
}

Errno fd_seek(Call& call) { return for_open_fd(call, Errno::kSpipe); }

Errno fd_fdstat_get(Call& call) {
  const auto fd = call.u32(0);
  if (!call.state.is_open(fd)) return Errno::kBadf;
  char* place = call.memory.at(call.u32(1), kFdstatBytes);
  if (place == nullptr) return Errno::kFault;
  std::memset(place, 0, kFdstatBytes);  // file type "unknown": a pipe, not a terminal
  const std::uint64_t rights = kRightPoll | (fd == 0 ? kRightFdRead : kRightFdWrite);
  std::memcpy(place + 8, &rights, sizeof rights);
  return Errno::kSuccess;
}

Errno fd_filestat_get(Call& call) {
  if (!call.state.is_open(call.u32(0))) return Errno::kBadf;
  char* place = call.memory.at(call.u32(1), kFilestatBytes);
  if (place == nullptr) return Errno::kFault;
  std::memset(place, 0, kFilestatBytes);
  return Errno::kSuccess;
}

Errno accept_open_fd(Call& call) { return for_open_fd(call, Errno::kSuccess); }
Errno refuse_open_fd(Call& call) { return for_open_fd(call, Errno::kNotsup); }
Errno refuse_prestat(Call& call) { return for_open_fd(call, Errno::kNotsup); }
Errno refuse_path(Call& call) { return for_open_fd(call, Errno::kNotdir); }
Errno refuse_socket(Call& call) { return for_open_fd(call, Errno::kNotsock); }
Errno refuse(Call& /*call*/) { return Errno::kNotsup; }

}  // namespace wasm_server::wasi
