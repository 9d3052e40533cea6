#include "cli/bench/latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wasm_server::cli {
namespace {

// Nanoseconds below kFine have a bucket each; every doubling above has kFine buckets.
constexpr unsigned kFineBits = 7;
constexpr std::uint64_t kFine = 1U << kFineBits;
constexpr std::uint64_t kLongest = 3'600'000'000'000;

std::size_t bucket_of(std::uint64_t nanoseconds) {
  if (nanoseconds < kFine) return nanoseconds;
  const unsigned shift = static_cast<unsigned>(std::bit_width(nanoseconds)) - kFineBits - 1;
  return shift * kFine + (nanoseconds >> shift);
}

// The longest that the bucket is for.
std::uint64_t end_of(std::size_t bucket) {
  if (bucket < kFine) return bucket;
  const std::size_t shift = bucket / kFine - 1;
  return ((bucket - shift * kFine + 1) << shift) - 1;
}

}  // namespace

Latencies::Latencies() : buckets_(bucket_of(kLongest) + 1) {}

void Latencies::add(Duration latency) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<Duration::rep>(latency.count(), 0));
  const std::uint64_t counted = std::min(nanoseconds, kLongest);
  ++buckets_[bucket_of(counted)];
  ++count_;
  sum_ += Duration(counted);
  max_ = std::max(max_, Duration(counted));
}

void Latencies::add(const Latencies& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

Latencies::Duration Latencies::mean() const {
  return count_ == 0 ? Duration{} : sum_ / static_cast<Duration::rep>(count_);
}

Latencies::Duration Latencies::quantile(double part) const {
  const double wanted = std::ceil(part * static_cast<double>(count_));
  const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1,
                                                       std::max<std::uint64_t>(count_, 1));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    passed += buckets_[i];
    if (passed >= rank) return std::min(Duration(end_of(i)), max_);
  }
  return max_;
}

}  // namespace wasm_server::cli
