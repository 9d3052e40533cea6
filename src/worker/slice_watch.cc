#include "worker/slice_watch.h"

#include <pthread.h>

#include <utility>

#include "base/cpu_time.h"
#include "engine/spare_pace.h"

namespace wasm_server {

namespace {

// A slice that is there at two looks, with this much CPU time in between, has held its thread.
constexpr std::chrono::milliseconds kLook{5};
constexpr std::chrono::milliseconds kHeld{4};

}  // namespace

SliceWatch::SliceWatch() : thread_([this] { run(); }) {}

SliceWatch::~SliceWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stop_changed_.notify_one();
  thread_.join();
}

SliceWatch::Seat& SliceWatch::take_seat() {
  auto seat = std::make_unique<Seat>();
  pthread_getcpuclockid(pthread_self(), &seat->cpu_clock_);
  const std::lock_guard lock(mutex_);
  seats_.push_back(std::move(seat));
  return *seats_.back();
}

void SliceWatch::leave(Seat& seat) {
  const std::lock_guard lock(mutex_);
  std::erase_if(seats_, [&seat](const auto& one) { return one.get() == &seat; });
}

void SliceWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stop_changed_.wait_for(lock, kLook, [this] { return stop_; })) {
    for (const auto& seat : seats_) look(*seat);
    count_slices();
  }
  SparePace::set_calls(0);
}

void SliceWatch::look(Seat& seat) {
  const auto slice = seat.slice_.load(std::memory_order_relaxed);
  if (slice % 2 == 0) return;
  const auto cpu = cpu_time(seat.cpu_clock_);
  if (slice != seat.seen_) {
    seat.seen_ = slice;
    seat.cpu_at_seen_ = cpu;
  } else if (cpu - seat.cpu_at_seen_ >= kHeld) {
    seat.held_.store(slice, std::memory_order_relaxed);
  }
}

void SliceWatch::count_slices() {
  std::uint64_t ended = 0;
  for (const auto& seat : seats_) {
    const auto slices = seat->slice_.load(std::memory_order_relaxed) / 2;
    ended += slices - std::exchange(seat->counted_, slices);
  }
  const auto now = Clock::now();
  const std::chrono::duration<double> time = now - std::exchange(counted_at_, now);
  SparePace::set_calls(static_cast<double>(ended) / time.count());
}

}  // namespace wasm_server
