#include "base/thread_priority.h"

#include <sys/resource.h>

namespace wasm_server {

void lower_own_priority() {
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, 0, kNice);  // on Linux of the thread, in spite of the name
}

}  // namespace wasm_server
