#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace wasm_server {

// Tells a writer when all who were reading at some moment have finished, however many come later
// (the grace period of read-copy-update). Reading is for any thread; the rest is for one.
class GracePeriod {
 public:
  class [[nodiscard]] Reading {
   public:
    Reading(GracePeriod& period, std::size_t side) : period_(&period), side_(side) {}
    Reading(Reading&& other) noexcept
        : period_(std::exchange(other.period_, nullptr)), side_(other.side_) {}
    Reading& operator=(Reading&&) = delete;
    ~Reading() { end(); }

    void end() {
      if (period_ != nullptr) std::exchange(period_, nullptr)->leave(side_);
    }

   private:
    GracePeriod* period_;
    std::size_t side_;
  };

  Reading read() {
    const std::lock_guard lock(mutex_);
    ++readers_[side_];
    return {*this, side_};
  }

  // The moment is now. Only after the period before has ended.
  void begin() {
    const std::lock_guard lock(mutex_);
    side_ = 1 - side_;
  }
  bool has_ended() const {
    const std::lock_guard lock(mutex_);
    return readers_[1 - side_] == 0;
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return readers_[1 - side_] == 0; });
  }

 private:
  void leave(std::size_t side) {
    const std::lock_guard lock(mutex_);
    if (--readers_[side] == 0) ended_.notify_one();
  }

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t side_ = 0;                  // guarded by mutex_: of those who begin now
  std::array<std::size_t, 2> readers_{};  // guarded by mutex_
};

}  // namespace wasm_server
