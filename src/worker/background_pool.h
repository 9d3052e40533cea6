#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "worker/guest_call.h"

namespace wasm_server {

// Threads of low priority for the calls that outlived their first slice, or sleep. Calls run in
// turns of one slice; those that just woke or just came go before those that used their last slice
// up, a few of them before each. A sleeping call holds no thread. Slices are short while there is a
// call that does not sleep. Heavy calls, of which one instruction may hold its thread for long,
// have threads of their own and turns among themselves.
class BackgroundPool {
 public:
  using Call = std::shared_ptr<GuestCall>;

  // As many threads for heavy calls and for the others.
  BackgroundPool(unsigned threads, Engine& engine, SliceWatch& watch);
  // Cancels all calls, delivers their outcomes, and joins. No calls may come meanwhile.
  ~BackgroundPool();
  BackgroundPool(const BackgroundPool&) = delete;
  BackgroundPool& operator=(const BackgroundPool&) = delete;

  // Takes a call that has run one slice elsewhere, with how that ended. Safe from any thread.
  void take(const Call& call, Runnable::Progress progress);
  // Takes one that has not run yet. Safe from any thread.
  void take_new(const Call& call);

  // Wakes a sleeping call. Safe from any thread.
  void resume(GuestCall& call);

  // Cancels all calls. Those still come are cancelled at their next slice too. Safe from any
  // thread.
  void cancel_all();

  // Whether something in the background keeps a core that it gets: a call that does not sleep. Safe
  // from any thread.
  bool is_busy() const { return engine_.has_short_slices(); }

 private:
  // Calls that want to run, for threads of one kind.
  struct Line {
    std::deque<Call> fresh;       // came or woke just now
    std::deque<Call> turns;       // used their last slice up
    unsigned fresh_in_a_row = 0;  // taken since the last of turns
    std::condition_variable changed;

    bool empty() const { return fresh.empty() && turns.empty(); }
  };
  enum class Turn : std::uint8_t { kFresh, kLast };

  void run(Line& line);
  bool run_next(Line& line, SliceWatch::ThreadSlot& slot, std::unique_lock<std::mutex>& lock);
  void wait(Line& line, std::unique_lock<std::mutex>& lock);
  // All of these: mutex_ held.
  void settle(const Call& call, Runnable::Progress progress);
  void wake_due();
  static Call take_next(Line& line);
  void make_ready(const Call& call, Turn turn);
  bool is_idle() const { return running_ == 0 && light_.empty() && heavy_.empty(); }
  void notify_all();

  Engine& engine_;
  SliceWatch& watch_;

  std::mutex mutex_;
  Line light_;                    // guarded by mutex_, as all below
  Line heavy_;                    // of calls that are heavy
  GuestCall::Sleepers sleepers_;  // woken by the threads of light_
  std::size_t running_ = 0;
  bool cancelling_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace wasm_server
