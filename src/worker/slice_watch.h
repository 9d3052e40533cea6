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

class Engine;

// Notices slices that hold their thread for much longer than a slice lasts. Guests yield at epochs,
// but the engine looks at the epoch only before a bulk operation: one memory.fill of 256 MB holds
// its thread for tens of milliseconds. A slice is judged by the CPU time that it took, so that one
// whose thread the machine had no core for is not blamed. While there are none it sleeps, and so
// does the engine's ticker: an idle server wakes nobody. Safe from any thread.
class SliceWatch {
 public:
  // The place of one thread that runs slices.
  class ThreadSlot {
   public:
    explicit ThreadSlot(SliceWatch& watch) : watch_(watch) {}

    // On the thread itself.
    void begin() {
      // This store and the load of asleep_ are sequentially consistent, like the watch's store of
      // asleep_ and its poll of the slices: one of the two sees the other.
      slice_.store(slice_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
      if (watch_.asleep_.load(std::memory_order_seq_cst)) watch_.wake();
    }
    // Whether the slice was seen to hold the thread; one of 10 ms of CPU time always is.
    bool end() {
      const auto slice = slice_.load(std::memory_order_relaxed);
      slice_.store(slice + 1, std::memory_order_relaxed);
      return held_.load(std::memory_order_relaxed) == slice;
    }

   private:
    friend class SliceWatch;
    SliceWatch& watch_;
    std::atomic<std::uint64_t> slice_{0};  // odd: in a slice
    std::atomic<std::uint64_t> held_{0};   // the last that held the thread

    clockid_t cpu_clock_{};  // set before the watch knows the slot
    std::uint64_t last_{0};  // this and below: of the watch's thread
    std::uint64_t seen_{0};
    std::chrono::nanoseconds cpu_at_seen_{0};
  };

  // A slice of the slot's thread, which ends with its scope at the latest: else the watch would
  // take what is between the slices that follow for those.
  class Slice {
   public:
    explicit Slice(ThreadSlot& slot) : slot_(&slot) { slot.begin(); }
    ~Slice() {
      if (slot_ != nullptr) slot_->end();
    }
    Slice(const Slice&) = delete;
    Slice& operator=(const Slice&) = delete;

    // As ThreadSlot::end(). Once.
    bool end() { return std::exchange(slot_, nullptr)->end(); }

   private:
    ThreadSlot* slot_;
  };

  // `engine`, whose slices it watches, outlives it.
  explicit SliceWatch(Engine& engine);
  ~SliceWatch();
  SliceWatch(const SliceWatch&) = delete;
  SliceWatch& operator=(const SliceWatch&) = delete;

  // For the calling thread. Give it back with leave() before that thread ends.
  ThreadSlot& take_slot();
  void leave(ThreadSlot& slot);

  // Whether it sleeps because no slice began for a while.
  bool is_asleep() const { return asleep_.load(std::memory_order_relaxed); }

 private:
  void run();
  void check(ThreadSlot& slot);  // mutex_ held
  bool saw_slices();             // mutex_ held; whether any ran since the last call
  bool is_in_slice() const;      // mutex_ held; whether any thread is
  void sleep(std::unique_lock<std::mutex>& lock);
  void wake();

  Engine& engine_;
  std::atomic<bool> asleep_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;                               // guarded by mutex_
  std::vector<std::unique_ptr<ThreadSlot>> slots_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace wasm_server
