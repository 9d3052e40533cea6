#include "base/thread_priority.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace wasm_server {

namespace {

// As sched_setattr(2) has it; the C library knows neither the call nor the struct, and the kernel's
// header does not go together with the library's.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;  // nanoseconds: how long a turn is
  std::uint64_t deadline;
  std::uint64_t period;
};
static_assert(sizeof(SchedulingAttributes) == 48);

// What the scheduler allows.
constexpr std::uint64_t kShortestTurn = 100'000;
constexpr std::uint64_t kLongestTurn = 100'000'000;

void set_own(int policy, std::uint64_t turn) {
  constexpr int kNice = 10;
  SchedulingAttributes attributes{};
  attributes.size = sizeof attributes;
  attributes.policy = static_cast<std::uint32_t>(policy);
  attributes.nice = kNice;
  attributes.runtime = turn;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

void lower_own_priority() { set_own(SCHED_OTHER, kShortestTurn); }
void use_only_spare_time() { set_own(SCHED_IDLE, kLongestTurn); }

}  // namespace wasm_server
