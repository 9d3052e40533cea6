#include "worker/background_pool.h"

#include <thread>
#include <utility>

#include "base/thread_priority.h"

namespace wasm_server {

namespace {

// Guests that compute and then sleep for a moment are fresh each time, and could keep every other
// call from its turn.
constexpr unsigned kFreshInARow = 4;

}  // namespace

BackgroundPool::BackgroundPool(unsigned threads, Engine& engine, SliceWatch& watch)
    : engine_(engine), watch_(watch) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(light_); });
    threads_.emplace_back([this] { run(heavy_); });
  }
}

BackgroundPool::~BackgroundPool() {
  cancel_all();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    notify_all();
  }
  for (auto& thread : threads_) thread.join();
}

void BackgroundPool::take(const Call& call, Runnable::Progress progress) {
  const std::lock_guard lock(mutex_);
  settle(call, progress);
}

void BackgroundPool::take_new(const Call& call) {
  const std::lock_guard lock(mutex_);
  if (cancelling_) call->runnable_->cancel();
  make_ready(call, Turn::kFresh);
}

void BackgroundPool::resume(GuestCall& call) {
  const std::lock_guard lock(mutex_);
  if (call.place_ != GuestCall::Place::kSleeping) {
    call.resumed_ = true;  // settle() sees it, should the call be about to sleep
    return;
  }
  const auto sleeper = call.sleeper_;
  const auto owned = sleeper->second;
  sleepers_.erase(sleeper);
  make_ready(owned, Turn::kFresh);
}

void BackgroundPool::cancel_all() {
  const std::lock_guard lock(mutex_);
  cancelling_ = true;
  for (const auto* queue : {&light_.fresh, &light_.turns, &heavy_.fresh, &heavy_.turns}) {
    for (const auto& call : *queue) call->runnable_->cancel();
  }
  while (!sleepers_.empty()) {
    const auto call = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    call->runnable_->cancel();
    make_ready(call, Turn::kFresh);
  }
}

// Puts a call where it belongs after a slice.
void BackgroundPool::settle(const Call& call, Runnable::Progress progress) {
  if (cancelling_) call->runnable_->cancel();
  if (progress == Runnable::Progress::kSliceUsed) {
    make_ready(call, Turn::kLast);
  } else if (cancelling_ || std::exchange(call->resumed_, false)) {
    make_ready(call, Turn::kFresh);
  } else {
    call->place_ = GuestCall::Place::kSleeping;
    call->sleeper_ = sleepers_.emplace(call->runnable_->wake_at(), call);
    // Someone must wait for less long.
    if (call->sleeper_ == sleepers_.begin()) light_.changed.notify_one();
  }
}

void BackgroundPool::make_ready(const Call& call, Turn turn) {
  Line& line = call->runnable_->is_heavy() ? heavy_ : light_;
  call->place_ = GuestCall::Place::kReady;
  (turn == Turn::kFresh ? line.fresh : line.turns).push_back(call);
  engine_.short_slices(true);
  line.changed.notify_one();
}

void BackgroundPool::notify_all() {
  light_.changed.notify_all();
  heavy_.changed.notify_all();
}

void BackgroundPool::wake_due() {
  const auto now = GuestCall::Clock::now();
  while (!sleepers_.empty() && sleepers_.begin()->first <= now) {
    const auto call = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    make_ready(call, Turn::kFresh);
  }
}

BackgroundPool::Call BackgroundPool::take_next(Line& line) {
  if (line.empty()) return nullptr;
  const bool from_turns =
      line.fresh.empty() || (line.fresh_in_a_row >= kFreshInARow && !line.turns.empty());
  line.fresh_in_a_row = from_turns ? 0 : line.fresh_in_a_row + 1;
  auto& queue = from_turns ? line.turns : line.fresh;
  auto call = std::move(queue.front());
  queue.pop_front();
  call->place_ = GuestCall::Place::kRunning;
  return call;
}

// One slice of the next call; false when there is none.
bool BackgroundPool::run_next(Line& line, SliceWatch::ThreadSlot& slot,
                              std::unique_lock<std::mutex>& lock) {
  const auto call = take_next(line);
  if (call == nullptr) return false;
  ++running_;
  lock.unlock();
  const auto progress = call->run_slice(slot);
  // A thread that waits for this core need not wait for the kernel's tick, which may be many slices
  // away.
  if (progress == Runnable::Progress::kSliceUsed) std::this_thread::yield();
  if (progress == Runnable::Progress::kFinished) call->complete();
  lock.lock();
  --running_;
  if (progress != Runnable::Progress::kFinished) {
    settle(call, progress);
  } else {
    call->place_ = GuestCall::Place::kOutside;
  }
  return true;
}

void BackgroundPool::wait(Line& line, std::unique_lock<std::mutex>& lock) {
  if (&line == &heavy_ || sleepers_.empty()) {
    line.changed.wait(lock);
  } else {
    const auto until = sleepers_.begin()->first;
    line.changed.wait_until(lock, until);
  }
}

void BackgroundPool::run(Line& line) {
  lower_own_priority();
  auto& slot = watch_.take_slot();
  std::unique_lock lock(mutex_);
  while (true) {
    if (&line == &light_) wake_due();
    if (run_next(line, slot, lock)) continue;
    if (is_idle()) {
      engine_.short_slices(false);
      if (stopping_ && sleepers_.empty()) break;
    }
    wait(line, lock);
  }
  notify_all();
  watch_.leave(slot);
}

}  // namespace wasm_server
