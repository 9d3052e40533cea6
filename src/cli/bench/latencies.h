#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wasm_server::cli {

// Durations, counted in buckets of less than 1 % of their value, so that a million of them take no
// more memory than one: 36 KB. What is longer than an hour counts as an hour. Used by one thread.
class Latencies {
 public:
  using Duration = std::chrono::nanoseconds;

  Latencies();

  // A negative one counts as none at all.
  void add(Duration latency);
  // All those of the other one as well.
  void add(const Latencies& other);

  std::uint64_t count() const { return count_; }
  // Exact; zero when there is none.
  Duration max() const { return max_; }
  Duration mean() const;
  // What so much of them did not exceed, 0.5 being the median; rounded up by less than 1 %.
  Duration quantile(double part) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  Duration sum_{};
  Duration max_{};
};

}  // namespace wasm_server::cli
