#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace wasm_server {

// Starts this program again as a compile worker (compile/worker/worker_main.h), in a session of its
// own: its standard error is this process's, its socket a copy of `socket`, and it gets nothing
// else that is open here. `command` is its one argument. kInternal when the system has no room for
// it.
Result<pid_t> spawn_worker(int socket, std::string command);

}  // namespace wasm_server
