#include "compile/scheduler.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/thread_priority.h"

namespace wasm_server {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A small task that took this much CPU time is none.
constexpr milliseconds kSmallTime{75};

// Before a worker is started again that could not be.
constexpr milliseconds kRestartPause{1'000};

// Without a task ahead of need, before the next of those begins.
constexpr milliseconds kQuietTime{100};

// While they keep coming: a worker rests so many times as long as it worked, but not for longer
// than kMaxRest.
constexpr int kRestFactor = 19;
constexpr milliseconds kMaxRest{2'000};

constexpr unsigned kMaxSmallWorkers = 8;
constexpr unsigned kThreadsOfOptimiser = 4;

WorkerSetup setup_of(TaskClass task_class, const CompilerSettings& settings) {
  WorkerSetup setup{.memory_bytes = settings.memory_bytes,
                    .max_wasm_stack_bytes = settings.max_wasm_stack_bytes};
  switch (task_class) {
    case TaskClass::kSmall:
      setup.waited_for = true;
      break;
    case TaskClass::kBaseline:
      setup.work = CompileWork::kBaseline;
      setup.waited_for = true;
      setup.threads = settings.threads;
      break;
    case TaskClass::kOptimised:
      setup.threads = std::min(settings.threads, kThreadsOfOptimiser);
      break;
  }
  return setup;
}

// From now on, in milliseconds, rounded up; -1, as poll(2) has it, is for ever.
int pause_until(std::optional<CompileTask::Clock::time_point> time) {
  if (!time) return -1;
  const auto pause = std::chrono::ceil<milliseconds>(*time - CompileTask::Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(pause.count(), 0, 60'000));
}

}  // namespace

CompileScheduler::Worker::Worker(TaskClass task_class_in, const CompilerSettings& settings)
    : task_class(task_class_in),
      slot(setup_of(task_class_in, settings), settings.limits, settings.worker_command),
      wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CompileScheduler::CompileScheduler(const CompilerSettings& settings, Owner owner)
    : settings_(settings), owner_(std::move(owner)) {
  const unsigned threads = std::max(1U, settings_.threads);
  add_workers(TaskClass::kSmall, std::min(threads, kMaxSmallWorkers));
  add_workers(TaskClass::kOptimised, std::max(1U, threads / kThreadsOfOptimiser));
  add_workers(TaskClass::kBaseline, 1);
  for (const auto& worker : workers_) {
    worker->thread = std::thread([this, &worker = *worker] { run(worker); });
  }
}

void CompileScheduler::add_workers(TaskClass task_class, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(task_class, settings_));
  }
}

void CompileScheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& worker : workers_) {
      worker->slot.stop();
      wake(*worker);
    }
  }
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void CompileScheduler::wake(const Worker& worker) {
  const std::uint64_t one = 1;
  (void)!write(worker.wake.get(), &one, sizeof one);
}

void CompileScheduler::saw_ahead() {
  const std::lock_guard lock(mutex_);
  last_ahead_ = CompileTask::Clock::now();
}

void CompileScheduler::push(const CompileTask& task) {
  const auto now = CompileTask::Clock::now();
  const std::lock_guard lock(mutex_);
  queue(task.task_class).push(task, now);
  const auto idle = std::ranges::find_if(workers_, [&task](const auto& worker) {
    return worker->idle && worker->task_class == task.task_class;
  });
  if (idle == workers_.end()) return;
  if (task.ahead) {
    // Modules may be stored by the ten thousand a second: it is not woken by each.
    if ((*idle)->resting) return;
    (*idle)->rest_until = std::max((*idle)->rest_until, now + kQuietTime);
  }
  (*idle)->idle = false;  // the next task is for another one
  wake(**idle);
}

bool CompileScheduler::has(const Digest& digest, TaskClass task_class) const {
  const std::lock_guard lock(mutex_);
  return queue(task_class).contains(digest) ||
         std::ranges::any_of(workers_, [&](const auto& worker) {
           return worker->task_class == task_class && worker->running == digest;
         });
}

bool CompileScheduler::withdraw(const Digest& digest, TaskClass task_class) {
  const std::lock_guard lock(mutex_);
  return queue(task_class).remove(digest);
}

void CompileScheduler::cancel(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  for (auto& tasks : queues_) tasks.remove(digest);
  for (const auto& worker : workers_) {
    if (worker->running != digest) continue;
    worker->cancelled = true;
    worker->slot.stop();
  }
}

void CompileScheduler::run(Worker& worker) {
  if (worker.task_class == TaskClass::kOptimised) lower_own_priority();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto task = queue(worker.task_class).pop(ahead_from(worker) <= CompileTask::Clock::now());
    if (!task) {
      wait_for_task(worker, lock);
      continue;
    }
    worker.running = task->digest;
    ++figures_[static_cast<std::size_t>(worker.task_class)].running;
    worker.cancelled = false;
    lock.unlock();
    const auto begin = CompileTask::Clock::now();
    work_on(worker, *task);
    const auto end = CompileTask::Clock::now();
    lock.lock();
    worker.rest_until = end + std::min<nanoseconds>(kRestFactor * (end - begin), kMaxRest);
  }
}

// When it may begin with a task ahead of need, should none come any more. mutex_ held.
CompileTask::Clock::time_point CompileScheduler::ahead_from(const Worker& worker) const {
  return std::min(last_ahead_ + kQuietTime, worker.rest_until);
}

// Until there may be one for it; meanwhile its process is there, whatever becomes of it.
void CompileScheduler::wait_for_task(Worker& worker, std::unique_lock<std::mutex>& lock) {
  worker.idle = true;
  worker.resting = !queue(worker.task_class).empty();
  std::optional<CompileTask::Clock::time_point> next;
  if (worker.resting) next = ahead_from(worker);
  lock.unlock();
  const bool prepared = settings_.start_ahead && worker.slot.prepare_ahead();
  int pause = pause_until(next);
  if (settings_.start_ahead && !prepared && pause < 0)
    pause = static_cast<int>(kRestartPause.count());
  const int ended = prepared ? worker.slot.socket() : -1;
  std::array<pollfd, 2> awaited{pollfd{.fd = worker.wake.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = ended, .events = POLLIN, .revents = 0}};
  poll(awaited.data(), awaited.size(), pause);
  std::uint64_t ignored = 0;
  (void)!read(worker.wake.get(), &ignored, sizeof ignored);
  lock.lock();
  worker.idle = false;
}

void CompileScheduler::work_on(Worker& worker, const CompileTask& task) {
  nanoseconds used{0};
  const auto go_on = [&](nanoseconds cpu) {
    used = cpu;
    return may_go_on(worker, task, cpu);
  };
  const auto code = owner_.load(task.digest);
  auto ended = code ? worker.slot.run(**code, go_on) : WorkerSlot::End(code.error());
  bool told = true;
  {
    const std::lock_guard lock(mutex_);
    worker.running.reset();
    told = !worker.cancelled && !stopping_;
    count(task.task_class, ended, told);
  }
  if (!told) return;
  if (auto* memory = std::get_if<SealedMemory>(&ended)) {
    owner_.ended(task, std::move(*memory));
  } else if (auto* error = std::get_if<Error>(&ended)) {
    owner_.ended(task, std::move(*error));
  } else {
    owner_.ended(task, Overdue{used});
  }
}

// mutex_ held.
void CompileScheduler::count(TaskClass task_class, const WorkerSlot::End& ended, bool told) {
  ClassFigures& figures = figures_[static_cast<std::size_t>(task_class)];
  --figures.running;
  if (told && std::holds_alternative<SealedMemory>(ended)) {
    ++figures.made;
  } else if (told && std::holds_alternative<Error>(ended)) {
    ++figures.failed;
  } else {
    ++figures.stopped;
  }
}

CompileScheduler::ClassFigures CompileScheduler::figures(TaskClass task_class) const {
  const std::lock_guard lock(mutex_);
  return figures_[static_cast<std::size_t>(task_class)];
}

bool CompileScheduler::may_go_on(const Worker& worker, const CompileTask& task,
                                 nanoseconds cpu) const {
  const std::lock_guard lock(mutex_);
  // Its process may have been started after the former one was stopped.
  if (stopping_ || worker.cancelled) return false;
  if (task.task_class == TaskClass::kSmall) return cpu < kSmallTime;
  if (cpu < task.undisturbed) return true;
  return !queue(task.task_class)
              .has_shorter_than(task, std::chrono::duration_cast<std::chrono::microseconds>(cpu));
}

}  // namespace wasm_server
