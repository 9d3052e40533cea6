#pragma once

// Numbers that one thread adds to and any may read: no lock, no bus traffic but for the scrape.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wasm_server {

// Written by one thread.
template <class T>
class Cell {
 public:
  void add(T amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  T value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{0};
};

using Count = Cell<std::uint64_t>;

// Upper bounds of the buckets of all durations, in microseconds.
inline constexpr std::array<std::uint64_t, 16> kDurationBounds{
    50,     100,    250,     500,     1'000,   2'500,     5'000,     10'000,
    25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

// What is read of a histogram at one moment; they can be added up.
struct Durations {
  std::array<std::uint64_t, kDurationBounds.size() + 1> buckets{};  // the last: beyond all bounds
  std::uint64_t nanoseconds = 0;                                    // in all

  Durations& operator+=(const Durations& other) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
    nanoseconds += other.nanoseconds;
    return *this;
  }
};

class DurationHistogram {
 public:
  void add(std::chrono::nanoseconds time) {
    const auto nanoseconds = static_cast<std::uint64_t>(time.count());
    std::size_t bucket = 0;
    while (bucket < kDurationBounds.size() && nanoseconds > kDurationBounds[bucket] * 1'000)
      ++bucket;
    buckets_[bucket].add(1);
    nanoseconds_.add(nanoseconds);
  }

  Durations read() const {
    Durations found;
    for (std::size_t i = 0; i < buckets_.size(); ++i) found.buckets[i] = buckets_[i].value();
    found.nanoseconds = nanoseconds_.value();
    return found;
  }

 private:
  std::array<Count, kDurationBounds.size() + 1> buckets_;
  Count nanoseconds_;
};

}  // namespace wasm_server
