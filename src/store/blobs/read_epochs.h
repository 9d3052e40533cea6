#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace wasm_server {

// Epoch-based reclamation: tells a writer when all who were reading at some moment have finished,
// however many come later. What could not be found any more at that moment is then free. Reading is
// for any thread; the rest is for one.
class ReadEpochs {
 public:
  class [[nodiscard]] Reading {
   public:
    Reading(ReadEpochs& epochs, std::size_t epoch) : epochs_(&epochs), epoch_(epoch) {}
    Reading(Reading&& other) noexcept
        : epochs_(std::exchange(other.epochs_, nullptr)), epoch_(other.epoch_) {}
    Reading& operator=(Reading&&) = delete;
    ~Reading() { end(); }

    void end() {
      if (epochs_ != nullptr) std::exchange(epochs_, nullptr)->leave(epoch_);
    }

   private:
    ReadEpochs* epochs_;
    std::size_t epoch_;
  };

  Reading read() {
    const std::lock_guard lock(mutex_);
    ++readers_[epoch_];
    return {*this, epoch_};
  }

  // A new epoch begins. Only after the one before has ended.
  void begin() {
    const std::lock_guard lock(mutex_);
    epoch_ = 1 - epoch_;
  }
  // Whether nobody reads any more who began before the current epoch.
  bool has_ended() const {
    const std::lock_guard lock(mutex_);
    return readers_[1 - epoch_] == 0;
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return readers_[1 - epoch_] == 0; });
  }

 private:
  void leave(std::size_t epoch) {
    const std::lock_guard lock(mutex_);
    if (--readers_[epoch] == 0) ended_.notify_one();
  }

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t epoch_ = 0;                 // guarded by mutex_: the current one, 0 or 1 in turn
  std::array<std::size_t, 2> readers_{};  // guarded by mutex_: by epoch
};

}  // namespace wasm_server
