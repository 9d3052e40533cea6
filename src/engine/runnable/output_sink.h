#pragma once

#include "base/bytes.h"

namespace wasm_server {

// Takes a guest's standard output as it is written. Called on whatever thread runs the guest.
class OutputSink {
 public:
  virtual ~OutputSink() = default;

  // Whether more may be written now. When not, the guest is suspended, and whoever runs it polls it
  // again when the sink has room.
  virtual bool ready() = 0;
  virtual void write(ByteView bytes) = 0;
};

}  // namespace wasm_server
