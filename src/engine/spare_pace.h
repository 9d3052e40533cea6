#pragma once

#include <chrono>

namespace wasm_server {

// Makes threads that work in spare time rest again and again while calls are served. SCHED_IDLE
// alone does not keep them out of the way: it counts within the server's scheduling group only.
// Against another group (a client or a proxy in a session of its own) their core is the server's,
// and who wakes there waits for the kernel's next tick, 1 to 10 ms later. So a timer interrupts
// such a thread after each turn, and its signal handler sleeps: the core is then free, or goes to
// who waits. That also bounds what the threads take of the machine while it is busy.
//
// Of the process, because signals are; safe from any thread. The threads may be stopped anywhere
// but in the kernel, so they must hold no lock that others wait for.
class SparePace {
 public:
  // How long a thread computes before it rests.
  static constexpr std::chrono::microseconds kTurn{100};
  // When the next look is at one that had nothing to compute, or no core, or that need not rest. A
  // first turn may be that long; sooner looks (0.3 ms) took 5 % of the calls a second.
  static constexpr std::chrono::milliseconds kLook{1};

  // The more calls, the longer: a machine with time to spare may use it. Nothing without calls.
  static constexpr std::chrono::microseconds kShortestRest{100};
  static constexpr std::chrono::microseconds kLongestRest{900};
  static std::chrono::microseconds rest_for(double calls_per_second);

  // The calling thread keeps to it from now on, until it ends.
  static void keep();

  // Threads that keep to it have something to compute while one of these exists; nothing
  // interrupts them otherwise.
  class Work {
   public:
    Work();
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
  };

  // How many calls are served just now.
  static void set_calls(double per_second);
  // Whether there are rests.
  static bool has_rests();
};

}  // namespace wasm_server
