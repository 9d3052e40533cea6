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
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

BackgroundPool::~BackgroundPool() {
  cancel_all();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ready_.notify_all();
  }
  for (auto& thread : threads_) thread.join();
}

void BackgroundPool::take(const Call& call, Invocation::Progress progress) {
  const std::lock_guard lock(mutex_);
  settle(call, progress);
}

void BackgroundPool::take_new(const Call& call) {
  const std::lock_guard lock(mutex_);
  if (cancelling_) call->invocation_.cancel();
  make_ready(call, fresh_);
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
  make_ready(owned, fresh_);
}

void BackgroundPool::cancel_all() {
  const std::lock_guard lock(mutex_);
  cancelling_ = true;
  for (const auto* queue : {&fresh_, &turns_}) {
    for (const auto& call : *queue) call->invocation_.cancel();
  }
  while (!sleepers_.empty()) {
    const auto call = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    call->invocation_.cancel();
    make_ready(call, fresh_);
  }
}

// Puts a call where it belongs after a slice.
void BackgroundPool::settle(const Call& call, Invocation::Progress progress) {
  if (cancelling_) call->invocation_.cancel();
  if (progress == Invocation::Progress::kSliceUsed) {
    make_ready(call, turns_);
  } else if (cancelling_ || std::exchange(call->resumed_, false)) {
    make_ready(call, fresh_);
  } else {
    call->place_ = GuestCall::Place::kSleeping;
    call->sleeper_ = sleepers_.emplace(call->invocation_.wake_at(), call);
    if (call->sleeper_ == sleepers_.begin())
      ready_.notify_one();  // someone must wait for less long
  }
}

void BackgroundPool::make_ready(const Call& call, std::deque<Call>& queue) {
  call->place_ = GuestCall::Place::kReady;
  queue.push_back(call);
  engine_.short_slices(true);
  ready_.notify_one();
}

void BackgroundPool::wake_due() {
  const auto now = GuestCall::Clock::now();
  while (!sleepers_.empty() && sleepers_.begin()->first <= now) {
    const auto call = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    make_ready(call, fresh_);
  }
}

BackgroundPool::Call BackgroundPool::next() {
  if (fresh_.empty() && turns_.empty()) {
    if (running_ == 0) engine_.short_slices(false);
    return nullptr;
  }
  const bool from_turns = fresh_.empty() || (fresh_in_a_row_ >= kFreshInARow && !turns_.empty());
  fresh_in_a_row_ = from_turns ? 0 : fresh_in_a_row_ + 1;
  auto& queue = from_turns ? turns_ : fresh_;
  auto call = std::move(queue.front());
  queue.pop_front();
  call->place_ = GuestCall::Place::kRunning;
  return call;
}

void BackgroundPool::run() {
  lower_own_priority();
  auto& seat = watch_.take_seat();
  std::unique_lock lock(mutex_);
  while (true) {
    wake_due();
    const auto call = next();
    if (call != nullptr) {
      ++running_;
      lock.unlock();
      const auto progress = call->run_slice(seat);
      // A thread that waits for this core need not wait for the kernel's tick, which may be many
      // slices away.
      if (progress == Invocation::Progress::kSliceUsed) std::this_thread::yield();
      if (progress == Invocation::Progress::kFinished) call->complete();
      lock.lock();
      --running_;
      if (progress != Invocation::Progress::kFinished) {
        settle(call, progress);
      } else {
        call->place_ = GuestCall::Place::kOutside;
      }
    } else if (stopping_ && running_ == 0 && sleepers_.empty()) {
      ready_.notify_all();
      watch_.leave(seat);
      return;
    } else if (sleepers_.empty()) {
      ready_.wait(lock);
    } else {
      const auto until = sleepers_.begin()->first;
      ready_.wait_until(lock, until);
    }
  }
}

}  // namespace wasm_server
