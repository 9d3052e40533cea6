#include <algorithm>

#include "engine/wasi/wasi_call.h"

namespace wasm_server::wasi {

namespace {

// One fd_write or fd_read moves at most this much and looks at no more vectors than this, so that
// no host call is long; the guest sees a short write or read.
constexpr std::uint32_t kMaxBytes = 64U << 10;
constexpr std::uint32_t kMaxVectors = 1024;

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

// Whether the guest's vectors are in its memory. Asked before anything is moved: a call that fails
// has done nothing.
bool are_in_memory(const Call& call, std::uint32_t array, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Vector vector{};
    if (!load_vector(call, array, i, vector)) return false;
    if (call.memory.at(vector.offset, vector.length) == nullptr) return false;
  }
  return true;
}

// Why a call of vectors fails that starts at `moved`, the place for how much was moved; kSuccess
// when nothing is wrong.
Errno check_vectors(const Call& call, bool has_stream, std::uint32_t moved) {
  const auto count = std::min(call.u32(2), kMaxVectors);
  if (!are_in_memory(call, call.u32(1), count)) return Errno::kFault;
  if (!has_stream) return Errno::kBadf;
  return call.memory.at(moved, sizeof(std::uint32_t)) ? Errno::kSuccess : Errno::kFault;
}

}  // namespace

Errno fd_write(Call& call) {
  const auto stream = call.state.stream(call.u32(0));
  const auto error = check_vectors(call, stream && *stream != Stream::kIn, call.u32(3));
  if (error != Errno::kSuccess) return error;
  const auto count = std::min(call.u32(2), kMaxVectors);
  std::uint32_t written = 0;
  for (std::uint32_t i = 0; i < count && written < kMaxBytes; ++i) {
    Vector vector{};
    load_vector(call, call.u32(1), i, vector);
    const char* bytes = call.memory.at(vector.offset, vector.length);
    const auto length = std::min(vector.length, kMaxBytes - written);
    if (!call.state.write(*stream, {bytes, length})) return Errno::kSuccess;  // it is stopped
    written += length;
  }
  if (*stream == Stream::kOut) call.state.wait_for_output();
  return call.memory.store(call.u32(3), written) ? Errno::kSuccess : Errno::kFault;
}

Errno fd_read(Call& call) {
  const auto error =
      check_vectors(call, call.state.stream(call.u32(0)) == Stream::kIn, call.u32(3));
  if (error != Errno::kSuccess) return error;
  const auto count = std::min(call.u32(2), kMaxVectors);
  std::uint32_t got = 0;
  for (std::uint32_t i = 0; i < count && got < kMaxBytes; ++i) {
    Vector vector{};
    // What was read before may lie over the vectors.
    if (!load_vector(call, call.u32(1), i, vector)) return Errno::kFault;
    char* place = call.memory.at(vector.offset, vector.length);
    if (place == nullptr) return Errno::kFault;
    const auto bytes = call.state.read_stdin(std::min(vector.length, kMaxBytes - got));
    std::memcpy(place, bytes.data(), bytes.size());
    got += static_cast<std::uint32_t>(bytes.size());
    if (bytes.size() < vector.length) break;
  }
  return call.memory.store(call.u32(3), got) ? Errno::kSuccess : Errno::kFault;
}

// A stream of the right direction has no places, and one of the other direction is no stream.
Errno fd_pread(Call& call) {
  const bool reads = call.state.stream(call.u32(0)) == Stream::kIn;
  if (!are_in_memory(call, call.u32(1), std::min(call.u32(2), kMaxVectors))) return Errno::kFault;
  return reads ? Errno::kSpipe : Errno::kBadf;
}

Errno fd_pwrite(Call& call) {
  const auto stream = call.state.stream(call.u32(0));
  if (!are_in_memory(call, call.u32(1), std::min(call.u32(2), kMaxVectors))) return Errno::kFault;
  return stream && *stream != Stream::kIn ? Errno::kSpipe : Errno::kBadf;
}

Errno fd_close(Call& call) {
  if (!call.state.stream(call.u32(0))) return Errno::kBadf;
  call.state.close(call.u32(0));
  return Errno::kSuccess;
}

Errno fd_renumber(Call& call) {
  const bool both = call.state.stream(call.u32(0)) && call.state.stream(call.u32(1));
  if (!both) return Errno::kBadf;
  call.state.renumber(call.u32(0), call.u32(1));
  return Errno::kSuccess;
}

Errno refuse_seek(Call& call) {
  return call.state.stream(call.u32(0)) ? Errno::kSpipe : Errno::kBadf;
}

Errno fd_fdstat_get(Call& call) {
  const auto stream = call.state.stream(call.u32(0));
  if (!stream) return Errno::kBadf;
  char* place = call.memory.at(call.u32(1), kFdstatBytes);
  if (place == nullptr) return Errno::kFault;
  const std::uint64_t rights = *stream == Stream::kIn ? kRightFdRead : kRightFdWrite;
  std::memset(place, 0, 1);      // file type "unknown": a pipe, not a terminal
  std::memset(place + 2, 0, 2);  // no flags
  std::memcpy(place + 8, &rights, sizeof rights);
  std::memcpy(place + 16, &rights, sizeof rights);
  return Errno::kSuccess;
}

Errno fd_filestat_get(Call& call) {
  if (!call.state.stream(call.u32(0))) return Errno::kBadf;
  const bool is_unstable = call.version == Version::kUnstable;
  const std::uint32_t size = is_unstable ? kUnstableFilestatBytes : kFilestatBytes;
  const std::uint32_t links = is_unstable ? kUnstableLinksOffset : kLinksOffset;
  char* place = call.memory.at(call.u32(1), size);
  if (place == nullptr) return Errno::kFault;
  std::memset(place, 0, kFiletypeOffset + 1);
  std::memset(place + links, 0, size - links);
  return Errno::kSuccess;
}

}  // namespace wasm_server::wasi
