#include "engine/wasi/wasi_functions.h"

#include <algorithm>
#include <array>

namespace wasm_server::wasi {

namespace {

// The values from 0 on that an enumeration has, or all sums of a set of flags.
struct Domain {
  char letter;
  std::uint64_t values;
};

constexpr Domain kDomains[] = {
    {'a', 6},          // advice
    {'c', kClockIds},  // clockid
    {'d', 1U << 2},    // sdflags
    {'f', 1U << 5},    // fdflags
    {'l', 1U << 1},    // lookupflags
    {'n', 1U << 16},   // siflags: none has a meaning, all are taken
    {'o', 1U << 4},    // oflags
    {'r', 1U << 2},    // riflags
    {'R', 1U << 30},   // rights
    {'s', 31},         // signal
    {'t', 1U << 4},    // fstflags
    {'w', 3},          // whence
};
constexpr std::uint64_t kUnstableRights = 1U << 29;  // without sock_accept

constexpr std::array kPreview1 = {
    Definition{"args_get", "ii", args_get},
    Definition{"args_sizes_get", "ii", args_sizes_get},
    Definition{"clock_res_get", "ci", clock_res_get},
    Definition{"clock_time_get", "cIi", clock_time_get},
    Definition{"environ_get", "ii", environ_get},
    Definition{"environ_sizes_get", "ii", environ_sizes_get},
    Definition{"fd_advise", "iIIa", refuse_file},
    Definition{"fd_allocate", "iII", refuse_file},
    Definition{"fd_close", "i", fd_close},
    Definition{"fd_datasync", "i", refuse_file},
    Definition{"fd_fdstat_get", "ii", fd_fdstat_get},
    Definition{"fd_fdstat_set_flags", "if", refuse_file},
    Definition{"fd_fdstat_set_rights", "iRR", refuse_file},
    Definition{"fd_filestat_get", "ii", fd_filestat_get},
    Definition{"fd_filestat_set_size", "iI", refuse_file},
    Definition{"fd_filestat_set_times", "iIIt", fd_filestat_set_times},
    Definition{"fd_pread", "iiiIi", fd_pread},
    Definition{"fd_prestat_dir_name", "iii", fd_prestat_dir_name},
    Definition{"fd_prestat_get", "ii", refuse_file},
    Definition{"fd_pwrite", "iiiIi", fd_pwrite},
    Definition{"fd_read", "iiii", fd_read},
    Definition{"fd_readdir", "iiiIi", refuse_file},
    Definition{"fd_renumber", "ii", fd_renumber},
    Definition{"fd_seek", "iIwi", refuse_seek},
    Definition{"fd_sync", "i", refuse_file},
    Definition{"fd_tell", "ii", refuse_seek},
    Definition{"fd_write", "iiii", fd_write, Mode::kAsync},
    Definition{"path_create_directory", "iii", refuse_file},
    Definition{"path_filestat_get", "iliii", refuse_file},
    Definition{"path_filestat_set_times", "iliiIIt", path_filestat_set_times},
    Definition{"path_link", "iliiiii", refuse_file},
    Definition{"path_open", "iliioRRfi", path_open},
    Definition{"path_readlink", "iiiiii", refuse_file},
    Definition{"path_remove_directory", "iii", refuse_file},
    Definition{"path_rename", "iiiiii", refuse_file},
    Definition{"path_symlink", "iiiii", refuse_file},
    Definition{"path_unlink_file", "iii", refuse_file},
    Definition{"poll_oneoff", "iiii", poll_oneoff, Mode::kAsync},
    Definition{"proc_exit", "i", proc_exit, Mode::kSync, false},
    Definition{"proc_raise", "s", proc_raise},
    Definition{"random_get", "ii", random_get, Mode::kAsync},
    Definition{"sched_yield", "", sched_yield},
    Definition{"sock_accept", "ifi", refuse_socket},
    Definition{"sock_recv", "iiirii", refuse_socket},
    Definition{"sock_send", "iiini", refuse_socket},
    Definition{"sock_shutdown", "id", refuse_socket},
};

// The same, but for the one function that came with preview 1. Where the layouts differ, the
// function looks at Call::version.
constexpr auto kUnstable = [] {
  std::array<Definition, kPreview1.size() - 1> all{};
  auto* end = std::ranges::copy_if(kPreview1, all.begin(), [](const Definition& one) {
                return one.name != "sock_accept";
              }).out;
  for (auto* one = all.begin(); one != end; ++one) one->version = Version::kUnstable;
  return all;
}();

bool fits(char letter, std::uint64_t value, Version version) {
  if (letter == 'i' || letter == 'I') return true;
  if (letter == 'R' && version == Version::kUnstable) return value < kUnstableRights;
  return value < std::ranges::find(kDomains, letter, &Domain::letter)->values;
}

}  // namespace

std::span<const Definition> definitions(Version version) {
  if (version == Version::kUnstable) return kUnstable;
  return kPreview1;
}

std::string_view module_name(Version version) {
  return version == Version::kUnstable ? "wasi_unstable" : "wasi_snapshot_preview1";
}

bool is_i64(char param) { return param == 'I' || param == 'R'; }

bool arguments_fit(const Definition& definition, std::span<const std::uint64_t> args) {
  for (std::size_t i = 0; i < definition.params.size(); ++i) {
    if (!fits(definition.params[i], args[i], definition.version)) return false;
  }
  return true;
}

}  // namespace wasm_server::wasi
