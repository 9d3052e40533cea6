#include "signals.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's is more than <csignal>
#include <sys/resource.h>

#include "base/timespec.h"

namespace wasm_server {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

bool StopSignals::wait_for(std::chrono::milliseconds time) {
  const sigset_t set = stop_set();
  const timespec timeout = timespec_of(time);
  return sigtimedwait(&set, nullptr, &timeout) > 0;
}

void StopSignals::let_through() {
  const sigset_t set = stop_set();
  // A shell may have started the process with one of them ignored.
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void raise_open_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace wasm_server
