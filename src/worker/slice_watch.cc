#include "worker/slice_watch.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/cpu_time.h"
#include "engine/engine.h"

namespace wasm_server {

namespace {

// A slice that is there at two polls, with this much CPU time in between, has held its thread.
constexpr std::chrono::milliseconds kPollInterval{5};
constexpr std::chrono::milliseconds kHeld{4};
// Polls in a row without a slice before the watch sleeps: a client's pause for thought is no reason
// to stop and start two threads.
constexpr int kIdlePolls = 40;

}  // namespace

SliceWatch::SliceWatch(Engine& engine) : engine_(engine), thread_([this] { run(); }) {}

SliceWatch::~SliceWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

SliceWatch::ThreadSlot& SliceWatch::take_slot() {
  auto slot = std::make_unique<ThreadSlot>(*this);
  pthread_getcpuclockid(pthread_self(), &slot->cpu_clock_);
  const std::lock_guard lock(mutex_);
  slots_.push_back(std::move(slot));
  return *slots_.back();
}

void SliceWatch::leave(ThreadSlot& slot) {
  const std::lock_guard lock(mutex_);
  std::erase_if(slots_, [&slot](const auto& one) { return one.get() == &slot; });
}

void SliceWatch::run() {
  std::unique_lock lock(mutex_);
  int idle = 0;
  while (!changed_.wait_for(lock, kPollInterval, [this] { return stop_; })) {
    for (const auto& slot : slots_) check(*slot);
    idle = saw_slices() ? 0 : idle + 1;
    if (idle < kIdlePolls) continue;
    sleep(lock);
    idle = 0;
  }
}

bool SliceWatch::is_in_slice() const {
  return std::ranges::any_of(slots_, [](const auto& slot) {
    return slot->slice_.load(std::memory_order_seq_cst) % 2 == 1;
  });
}

// Until a slice begins, or the end.
void SliceWatch::sleep(std::unique_lock<std::mutex>& lock) {
  asleep_.store(true, std::memory_order_seq_cst);
  if (!is_in_slice()) {
    engine_.pause_slices(true);
    changed_.wait(lock, [this] { return stop_ || !asleep_; });
    engine_.pause_slices(false);
  }
  asleep_ = false;
}

void SliceWatch::wake() {
  {
    const std::lock_guard lock(mutex_);
    asleep_ = false;
  }
  changed_.notify_one();
}

void SliceWatch::check(ThreadSlot& slot) {
  const auto slice = slot.slice_.load(std::memory_order_relaxed);
  if (slice % 2 == 0) return;
  const auto cpu = cpu_time(slot.cpu_clock_);
  if (slice != slot.seen_) {
    slot.seen_ = slice;
    slot.cpu_at_seen_ = cpu;
  } else if (cpu - slot.cpu_at_seen_ >= kHeld) {
    slot.held_.store(slice, std::memory_order_relaxed);
  }
}

bool SliceWatch::saw_slices() {
  bool any = is_in_slice();
  for (const auto& slot : slots_) {
    const auto slice = slot->slice_.load(std::memory_order_relaxed);
    if (std::exchange(slot->last_, slice) != slice) any = true;
  }
  return any;
}

}  // namespace wasm_server
