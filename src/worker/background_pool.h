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
#include "engine/spare_pace.h"
#include "worker/guest_call.h"

namespace wasm_server {

// Threads of low priority for the calls that outlived their first slice, or sleep. Calls run in
// turns of one slice; those that just woke or just came go before those that used their last slice
// up, a few of them before each. A sleeping call holds no thread. Slices are short while there is a
// call that does not sleep.
class BackgroundPool {
 public:
  using Call = std::shared_ptr<GuestCall>;

  BackgroundPool(unsigned threads, Engine& engine, SliceWatch& watch);
  // Cancels all calls, delivers their outcomes, and joins. No calls may come meanwhile.
  ~BackgroundPool();
  BackgroundPool(const BackgroundPool&) = delete;
  BackgroundPool& operator=(const BackgroundPool&) = delete;

  // Takes a call that has run one slice elsewhere, with how that ended. Safe from any thread.
  void take(const Call& call, Invocation::Progress progress);
  // Takes one that has not run yet. Safe from any thread.
  void take_new(const Call& call);

  // Wakes a sleeping call. Safe from any thread.
  void resume(GuestCall& call);

  // Cancels all calls. Those still come are cancelled at their next slice too. Safe from any
  // thread.
  void cancel_all();

  // Whether something in the background keeps a core that it gets: a call that does not sleep, or
  // the engine's work in spare time unless it rests again and again. Safe from any thread.
  bool is_busy() const {
    return engine_.has_short_slices() || (engine_.uses_spare_time() && !SparePace::has_rests());
  }

 private:
  void run();
  void settle(const Call& call, Invocation::Progress progress);  // mutex_ held
  void wake_due();                                               // mutex_ held
  Call next();                                                   // mutex_ held
  void make_ready(const Call& call, std::deque<Call>& queue);    // mutex_ held

  Engine& engine_;
  SliceWatch& watch_;

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Call> fresh_;        // guarded by mutex_: came or woke just now
  std::deque<Call> turns_;        // guarded by mutex_: used their last slice up
  GuestCall::Sleepers sleepers_;  // guarded by mutex_
  std::size_t running_ = 0;       // guarded by mutex_
  unsigned fresh_in_a_row_ = 0;   // guarded by mutex_: taken since the last of turns_
  bool cancelling_ = false;       // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace wasm_server
