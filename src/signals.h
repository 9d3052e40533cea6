#pragma once

#include <chrono>
#include <cstdint>

namespace wasm_server {

enum class Signal : std::uint8_t {
  kNone,
  kStop,    // SIGINT, SIGTERM
  kReload,  // SIGHUP
};

// What the operator says by signals, heard by the main thread when it is ready.
class Signals {
 public:
  // Keeps them from this thread and those that it starts from now on; ignores SIGPIPE
  // and SIGXFSZ: a write beyond the limit of file sizes fails like one on a full disk.
  Signals();

  // Waits for one so long.
  Signal wait_for(std::chrono::milliseconds time);

  // From now on one that stops ends the process at once.
  void let_through();
};

// Allows as many open files as the system does.
void raise_open_file_limit();

}  // namespace wasm_server
