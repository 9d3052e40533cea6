#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace wasm_server {

// How one execution ended, as its module's log has it.
struct ExecutionEntry {
  // What there is to say beside the end: of one that wrote to its standard error, or failed.
  struct Details {
    std::string request_id;
    std::string detail;  // what the client was told; empty when it did not fail
    Bytes stderr_bytes;  // the last of them
    bool stderr_cut = false;

    friend bool operator==(const Details&, const Details&) = default;
  };

  std::uint64_t number = 0;  // upwards over all modules, with gaps
  UnixMillis ended_at = 0;
  std::uint64_t revision = 0;
  std::string function;  // empty: a command
  std::string ended;     // "returned", "exited", "answered", or the code of its problem
  std::optional<std::uint32_t> exit_code;  // of a command
  std::chrono::microseconds run{0};
  std::shared_ptr<const Details> details;  // null: none
};

}  // namespace wasm_server
