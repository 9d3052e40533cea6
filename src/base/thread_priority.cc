#include "base/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>

namespace wasm_server {

namespace {

constexpr int kBackgroundNice = 10;

}  // namespace

void set_own_priority(Priority priority) {
  if (priority == Priority::kIdle) {
    const sched_param none{};
    sched_setscheduler(0, SCHED_IDLE, &none);
  } else {
    setpriority(PRIO_PROCESS, 0, kBackgroundNice);  // on Linux of the thread, in spite of the name
  }
}

}  // namespace wasm_server
