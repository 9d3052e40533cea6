#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <utility>

namespace wasm_server {

// What memory is charged to.
class MemoryCharge {
 public:
  virtual ~MemoryCharge() = default;

  // False, taking nothing, when that much may not be taken now.
  virtual bool take(std::uint64_t bytes) = 0;
  virtual void release(std::uint64_t bytes) = 0;
};

// The memory that everybody may take together, without order among them. The process has one, for
// all that clients and guests make it hold; a part of it may have a limit of its own. An estimate
// at best: what it counts is what was asked for, not what was touched. Safe from any thread.
class MemoryBudget final : public MemoryCharge {
 public:
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

  // `whole`, which this is a part of, outlives it.
  explicit MemoryBudget(std::uint64_t limit, MemoryBudget* whole = nullptr)
      : limit_(limit), whole_(whole) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  bool take(std::uint64_t bytes) override { return take_leaving(bytes, 0); }

  // The same, if `left` bytes remain for others.
  bool take_leaving(std::uint64_t bytes, std::uint64_t left) {
    if (bytes > limit_ || left > limit_ - bytes) return false;
    // Taken first and looked at then: one step where there is room, which is nearly always.
    const std::uint64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before <= limit_ - bytes - left && (whole_ == nullptr || whole_->take(bytes))) return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }

  void release(std::uint64_t bytes) override {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    if (whole_ != nullptr) whole_->release(bytes);
  }

  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t limit() const { return limit_; }

 private:
  const std::uint64_t limit_;
  MemoryBudget* const whole_;
  std::atomic<std::uint64_t> used_{0};
};

// What one owner has taken of a budget, which outlives it. Used by one thread at a time.
class MemoryShare {
 public:
  MemoryShare() = default;
  // Null: nothing is counted.
  explicit MemoryShare(MemoryBudget* budget) : budget_(budget) {}
  ~MemoryShare() { release(); }
  MemoryShare(MemoryShare&& other) noexcept
      : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryShare& operator=(MemoryShare&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  // So much more. False, taking nothing, when it is not there, or not with `left` bytes for others.
  bool take(std::uint64_t bytes, std::uint64_t left = 0) {
    if (budget_ == nullptr) return true;
    if (!budget_->take_leaving(bytes, left)) return false;
    bytes_ += bytes;
    return true;
  }

  // All of it.
  void release() {
    if (bytes_ != 0) budget_->release(std::exchange(bytes_, 0));
  }

  std::uint64_t bytes() const { return bytes_; }
  MemoryBudget* budget() const { return budget_; }

 private:
  MemoryBudget* budget_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace wasm_server
