#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace wasm_server {

// Notices slices that hold their thread for much longer than a slice lasts. Guests yield at epochs,
// but the engine looks at the epoch only before a bulk operation: one memory.fill of 256 MB holds
// its thread for tens of milliseconds. A slice is judged by the CPU time that it took, so that one
// whose thread the machine had no core for is not blamed. It also tells those who work in spare
// time (engine/spare_pace.h) how many slices there are. Safe from any thread.
class SliceWatch {
 public:
  // The place of one thread that runs slices.
  class Seat {
   public:
    // On the thread itself.
    void begin() {
      slice_.store(slice_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    // Whether the slice was seen to hold the thread; one of 10 ms of CPU time always is.
    bool end() {
      const auto slice = slice_.load(std::memory_order_relaxed);
      slice_.store(slice + 1, std::memory_order_relaxed);
      return held_.load(std::memory_order_relaxed) == slice;
    }

   private:
    friend class SliceWatch;
    std::atomic<std::uint64_t> slice_{0};  // odd: in a slice
    std::atomic<std::uint64_t> held_{0};   // the last that held the thread

    clockid_t cpu_clock_{};     // set before the watch knows the seat
    std::uint64_t counted_{0};  // this and below: of the watch's thread
    std::uint64_t seen_{0};
    std::chrono::nanoseconds cpu_at_seen_{0};
  };

  // A slice of the seat's thread, which ends with its scope at the latest: else the watch would
  // take what is between the slices that follow for those.
  class Slice {
   public:
    explicit Slice(Seat& seat) : seat_(&seat) { seat.begin(); }
    ~Slice() {
      if (seat_ != nullptr) seat_->end();
    }
    Slice(const Slice&) = delete;
    Slice& operator=(const Slice&) = delete;

    // As Seat::end(). Once.
    bool end() { return std::exchange(seat_, nullptr)->end(); }

   private:
    Seat* seat_;
  };

  using Clock = std::chrono::steady_clock;

  SliceWatch();
  ~SliceWatch();
  SliceWatch(const SliceWatch&) = delete;
  SliceWatch& operator=(const SliceWatch&) = delete;

  // For the calling thread. Give it back with leave() before that thread ends.
  Seat& take_seat();
  void leave(Seat& seat);

 private:
  void run();
  void look(Seat& seat);  // mutex_ held
  void count_slices();    // mutex_ held

  std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;                            // guarded by mutex_
  std::vector<std::unique_ptr<Seat>> seats_;     // guarded by mutex_
  Clock::time_point counted_at_ = Clock::now();  // of the watch's thread
  std::thread thread_;
};

}  // namespace wasm_server
