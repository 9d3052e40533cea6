#pragma once

namespace wasm_server {

// SIGINT and SIGTERM, taken by the main thread when it is ready for them.
class StopSignals {
 public:
  // Keeps both from this thread and those that it starts from now on; ignores SIGPIPE.
  StopSignals();

  // Waits for the first one. The next one then ends the process at once.
  void wait();
};

// Allows as many open files as the system does.
void raise_open_file_limit();

}  // namespace wasm_server
