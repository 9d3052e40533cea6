#include "compile/worker/confinement.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/thread_priority.h"
#include "engine/code/code_compiler.h"

namespace wasm_server {

namespace {

constexpr rlim_t kMaxFiles = 64;
// The nice value of the process's group, by Urgency.
constexpr std::array<int, 3> kGroupNice{5, 15, 10};
constexpr int kNiceLast = 19;

void set_limit(__rlimit_resource resource, rlim_t most) {
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  setrlimit(resource, &limit);
}

// Private memory that the process may write to, in bytes: what RLIMIT_DATA counts.
std::uint64_t data_bytes() {
  const Descriptor file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  std::array<char, 256> buffer;
  const ssize_t size = file.get() < 0 ? 0 : read(file.get(), buffer.data(), buffer.size());
  std::string_view rest(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  constexpr int kBefore = 5;  // size, resident, shared, text, lib; then data + stack
  for (int i = 0; i < kBefore; ++i)
    rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1);
  std::uint64_t pages = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), pages);
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void end_for_memory() { _exit(kOutOfMemoryStatus); }

// Where memory runs out the kernel ends this process, and not the server.
void be_ended_first() {
  constexpr std::string_view kFirst = "1000";
  const Descriptor file(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  // A system without that file has no such order.
  (void)!write(file.get(), kFirst.data(), kFirst.size());
}

bool write_group_nice(int nice) {
  if (getsid(0) != getpid()) return true;  // the group is somebody else's too
  const Descriptor file(open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return true;  // the kernel has no such groups
  const std::string text = std::to_string(nice);
  return write(file.get(), text.data(), text.size()) >= 0 || errno != EAGAIN;
}

}  // namespace

bool confine(std::uint32_t server) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_NOFILE, kMaxFiles);
  be_ended_first();
  return static_cast<std::uint32_t>(getppid()) == server;  // after the first line: not lost between
}

void limit_memory(std::uint64_t bytes) {
  std::set_new_handler(end_for_memory);
  CodeCompiler::exit_when_out_of_memory(kOutOfMemoryStatus);
  const std::uint64_t now = data_bytes();
  if (bytes < std::numeric_limits<std::uint64_t>::max() - now) set_limit(RLIMIT_DATA, now + bytes);
}

bool make_way(Urgency urgency) {
  lower_own_priority();
  if (urgency == Urgency::kUploadWaits) {
    const sched_param none{};
    sched_setscheduler(0, SCHED_IDLE, &none);
  } else if (urgency == Urgency::kNobodyWaits) {
    setpriority(PRIO_PROCESS, 0, kNiceLast);
  }
  return write_group_nice(kGroupNice.at(std::to_underlying(urgency)));
}

}  // namespace wasm_server
