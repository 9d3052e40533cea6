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

// The shortest that the scheduler allows.
constexpr std::uint64_t kShortestTurn = 100'000;

}  // namespace

void lower_own_priority() {
  constexpr int kNice = 10;
  SchedulingAttributes attributes{};
  attributes.size = sizeof attributes;
  attributes.policy = SCHED_OTHER;
  attributes.nice = kNice;
  attributes.runtime = kShortestTurn;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace wasm_server
