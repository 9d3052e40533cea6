#pragma once

#include <chrono>

namespace wasm_server {

// Decides whether an event loop that has nothing to do looks on for a moment before it sleeps. To
// be woken on an idle core takes 10 to 20 us, on a virtual machine more than a short call; a client
// that waits for each of its answers pays it every time. So, like the kernel's halt polling (Linux,
// Documentation/virt/kvm/halt-polling.rst): look on while events come in quick succession, for at
// most kWindow, and not otherwise: an idle server sleeps. Between two looks the core is offered to
// others; if one of them keeps it, a woken loop would get it back sooner than a waiting one, and
// looking pauses for kPause. For one thread.
class IdlePolling {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::microseconds kWindow{40};
  // A sleep up to this was not worth it.
  static constexpr std::chrono::microseconds kShortSleep{200};
  static constexpr std::chrono::microseconds kKept{2000};
  static constexpr std::chrono::milliseconds kPause{250};

  bool worthwhile(Clock::time_point now) const { return sleeps_are_short_ && now >= paused_until_; }

  // How long it slept, with the first thing that it then did.
  void slept(Clock::duration time) { sleeps_are_short_ = time <= kShortSleep; }
  // How long the core was away when it was offered to others.
  void offered(Clock::duration time, Clock::time_point now) {
    if (time >= kKept) paused_until_ = now + kPause;
  }

 private:
  bool sleeps_are_short_ = false;
  Clock::time_point paused_until_{};
};

}  // namespace wasm_server
