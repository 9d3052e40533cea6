#include "compile/worker/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "compile/worker/worker_main.h"

namespace wasm_server {

namespace {

class FileActions {
 public:
  explicit FileActions(int socket) {
    posix_spawn_file_actions_init(&actions_);
    // First: the socket may have the number of one that is opened next. A copy stays open on exec,
    // also when it is the same number.
    posix_spawn_file_actions_adddup2(&actions_, socket, kWorkerSocket);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kWorkerSocket + 1);
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// No signal is blocked or ignored, as after a start from a shell.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// What the dynamic linker and sanitizers go by; nothing else of the server's environment, which may
// hold secrets, is a worker's business. Ends with null, as execve(2) wants it.
std::vector<char*> worker_environment() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto name = text.substr(0, text.find('='));
    const bool is_asan = name == "ASAN_OPTIONS";
    if (name.starts_with("LD_") || (name.ends_with("SAN_OPTIONS") && !is_asan)) {
      kept.push_back(*variable);
    }
  }
  // AddressSanitizer would end the process for an allocation that fails, before it can say so.
  static std::string asan = "ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0";
  kept.push_back(asan.data());
  kept.push_back(nullptr);
  return kept;
}

}  // namespace

Result<pid_t> spawn_worker(int socket, std::string command) {
  const FileActions actions(socket);
  const Attributes attributes;
  std::string program = "wasm-server";
  const std::array<char*, 3> arguments{program.data(), command.data(), nullptr};
  const auto environment = worker_environment();
  pid_t pid = -1;
  // This program, also when its file has been replaced since it was started.
  const int error = posix_spawn(&pid, "/proc/self/exe", actions.get(), attributes.get(),
                                arguments.data(), environment.data());
  if (error != 0) {
    return fail(ErrorCode::kInternal, "a compile worker could not be started",
                std::generic_category().message(error));
  }
  return pid;
}

}  // namespace wasm_server
