#pragma once

// One host call of a WASI guest: its arguments and its memory, checked.

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/wasi/wasi_abi.h"
#include "engine/wasi/wasi_state.h"

namespace wasm_server::wasi {

// The guest's exported memory, as it is for the length of one host call.
class GuestMemory {
 public:
  GuestMemory(char* base, std::size_t size) : base_(base), size_(size) {}

  // Null when the range is not all inside.
  char* at(std::uint32_t offset, std::uint64_t length) const {
    return offset <= size_ && length <= size_ - offset ? base_ + offset : nullptr;
  }

  template <class T>
  bool store(std::uint32_t offset, T value) const {
    char* place = at(offset, sizeof value);
    if (place == nullptr) return false;
    std::memcpy(place, &value, sizeof value);
    return true;
  }

  template <class T>
  bool load(std::uint32_t offset, T& value) const {
    const char* place = at(offset, sizeof value);
    if (place == nullptr) return false;
    std::memcpy(&value, place, sizeof value);
    return true;
  }

 private:
  char* base_;
  std::size_t size_;
};

struct Call {
  WasiState& state;
  GuestMemory memory;
  std::span<const std::uint64_t> args;
  Version version;

  std::uint32_t u32(std::size_t index) const { return static_cast<std::uint32_t>(args[index]); }
  std::uint64_t u64(std::size_t index) const { return args[index]; }
};

using Function = Errno (*)(Call&);

// Nanoseconds, of the two clocks that there are.
std::uint64_t now_on(ClockId clock);
bool has_clock(std::uint32_t id);

// Streams (wasi_streams.cc).
Errno fd_write(Call& call);
Errno fd_read(Call& call);
Errno fd_pread(Call& call);
Errno fd_pwrite(Call& call);
Errno fd_close(Call& call);
Errno fd_renumber(Call& call);
Errno fd_fdstat_get(Call& call);
Errno fd_filestat_get(Call& call);
Errno refuse_seek(Call& call);

// What there is none of: files, directories, sockets (wasi_refusals.cc).
Errno refuse_file(
    Call& call);  // no file has the first argument's number: a stream, or nothing, has
Errno fd_filestat_set_times(Call& call);
Errno fd_prestat_dir_name(Call& call);
Errno path_filestat_set_times(Call& call);
Errno path_open(Call& call);
Errno refuse_socket(Call& call);
Errno proc_raise(Call& call);

// Arguments, environment, clocks, random (wasi_process.cc).
Errno args_get(Call& call);
Errno args_sizes_get(Call& call);
Errno environ_get(Call& call);
Errno environ_sizes_get(Call& call);
Errno clock_res_get(Call& call);
Errno clock_time_get(Call& call);
Errno random_get(Call& call);
Errno sched_yield(Call& call);
Errno proc_exit(Call& call);

// wasi_poll.cc.
Errno poll_oneoff(Call& call);

}  // namespace wasm_server::wasi
