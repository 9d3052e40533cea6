#include "compile/worker/worker_process.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <system_error>
#include <thread>

#include "base/cpu_time.h"
#include "compile/worker/confinement.h"
#include "compile/worker/message_socket.h"
#include "compile/worker/spawn.h"

namespace wasm_server {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{10};

// What closes its socket is ending; one that does not is made to.
constexpr milliseconds kEndingTime{200};

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(WorkerSetup setup,
                                                            std::string command) {
  setup.server = static_cast<std::uint32_t>(getpid());
  auto [ours, its] = make_message_sockets();
  if (ours.get() < 0) {
    return fail(ErrorCode::kInternal, "a compile worker could not be started",
                std::generic_category().message(errno));
  }
  TRY_ASSIGN(const pid_t pid, spawn_worker(its.get(), std::move(command)));
  std::unique_ptr<WorkerProcess> process(new WorkerProcess(
      pid, std::move(ours), setup.work == CompileWork::kInspect ? kMaxReport : setup.memory_bytes));
  // If that fails the process has ended, which shows at the first task.
  (void)send_message(process->socket(), encode_setup(setup));
  return process;
}

WorkerProcess::WorkerProcess(pid_t pid, Descriptor socket, std::uint64_t max_answer)
    : pid_(pid), socket_(std::move(socket)), max_answer_(max_answer) {}

WorkerProcess::~WorkerProcess() {
  kill();
  reap();
}

void WorkerProcess::kill() {
  const std::lock_guard lock(mutex_);
  killed_ = true;
  if (!reaped_) ::kill(pid_, SIGKILL);
}

bool WorkerProcess::is_alive() {
  {
    const std::lock_guard lock(mutex_);
    if (killed_ || reaped_) return false;
  }
  pollfd readable{.fd = socket(), .events = POLLIN, .revents = 0};
  // Without a task it says that it is ready, once, or nothing.
  return poll(&readable, 1, 0) == 0 || (!ready_ && read_ready());
}

bool WorkerProcess::read_ready() {
  const auto message = receive_message(socket());
  ready_ = message && is_ready(message->bytes);
  return ready_;
}

std::optional<WorkerEnd> WorkerProcess::wait_until_ready(const Watch& watch) {
  if (ready_) return std::nullopt;
  if (!wait_for_message(watch)) return end();
  if (!read_ready()) return how_it_ended();
  return std::nullopt;
}

WorkerProcess::Answer WorkerProcess::run(const SealedMemory& code, const Watch& watch) {
  if (!send_message(socket(), encode_task(), code.file())) return how_it_ended();
  cpu_at_begin_ = cpu_used();
  if (!wait_for_message(watch)) return end();
  return read_answer();
}

WorkerEnd WorkerProcess::end() {
  kill();
  return how_it_ended();
}

// False when the watch says that it must not go on.
bool WorkerProcess::wait_for_message(const Watch& watch) {
  pollfd readable{.fd = socket(), .events = POLLIN, .revents = 0};
  while (poll(&readable, 1, static_cast<int>(kTick.count())) <= 0) {
    if (!watch(cpu_used() - cpu_at_begin_)) return false;
  }
  return true;
}

WorkerProcess::Answer WorkerProcess::read_answer() {
  auto message = receive_message(socket());
  if (!message) return how_it_ended();
  auto reply = decode_reply(message->bytes);
  if (reply && std::holds_alternative<Error>(*reply) && message->file.get() < 0) {
    return std::get<Error>(*std::move(reply));
  }
  if (reply && std::holds_alternative<Done>(*reply)) {
    auto memory = SealedMemory::adopt(std::move(message->file), max_answer_);
    if (memory) return *std::move(memory);
  }
  kill();
  reap();
  return WorkerEnd::kNonsense;
}

// After its socket was closed, or it was killed.
WorkerEnd WorkerProcess::how_it_ended() {
  const int status = reap();
  const std::lock_guard lock(mutex_);
  if (killed_) return WorkerEnd::kStopped;
  if (forced_) return WorkerEnd::kNonsense;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kOutOfMemoryStatus) {
    return WorkerEnd::kOutOfMemory;
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return WorkerEnd::kKilled;
  return WorkerEnd::kCrashed;
}

std::chrono::nanoseconds WorkerProcess::cpu_used() const {
  clockid_t clock{};
  if (clock_getcpuclockid(pid_, &clock) != 0) return {};
  return cpu_time(clock);
}

// Its wait status; 0 when it was reaped before.
int WorkerProcess::reap() {
  int status = 0;
  const auto is_reaped = [&] {
    const std::lock_guard lock(mutex_);
    if (!reaped_) reaped_ = waitpid(pid_, &status, WNOHANG) != 0;
    return reaped_;
  };
  const auto end = std::chrono::steady_clock::now() + kEndingTime;
  while (!is_reaped()) {
    if (std::chrono::steady_clock::now() > end) {
      ::kill(pid_, SIGKILL);
      forced_ = true;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return status;
}

}  // namespace wasm_server
