#pragma once

#include <chrono>

namespace wasm_server {

// SIGINT and SIGTERM, taken by the main thread when it is ready for them.
class StopSignals {
 public:
  // Keeps both from this thread and those that it starts from now on; ignores SIGPIPE
  // and SIGXFSZ: a write beyond the limit of file sizes fails like one on a full disk.
  StopSignals();

  // Waits for one so long; whether it came.
  bool wait_for(std::chrono::milliseconds time);

  // From now on one ends the process at once.
  void let_through();
};

// Allows as many open files as the system does.
void raise_open_file_limit();

}  // namespace wasm_server
