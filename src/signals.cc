#include "signals.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's is more than <csignal>
#include <sys/resource.h>

#include "base/timespec.h"

namespace wasm_server {
namespace {

sigset_t signal_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = signal_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

Signal Signals::wait_for(std::chrono::milliseconds time) {
  const sigset_t set = signal_set();
  const timespec timeout = timespec_of(time);
  const int signal = sigtimedwait(&set, nullptr, &timeout);
  if (signal <= 0) return Signal::kNone;
  return signal == SIGHUP ? Signal::kReload : Signal::kStop;
}

void Signals::let_through() {
  const sigset_t set = signal_set();
  // A shell may have started the process with one of them ignored; one that hangs up stops nothing.
  signal(SIGHUP, SIG_IGN);
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
