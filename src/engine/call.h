#pragma once

// One call of a guest, as the worker asks for it, and how it ended.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// An argument as it stood in the request: the literal text of a number, the decoded text of a
// string. Kept as text so that each becomes its wasm type with a single rounding (engine/values.h).
struct Argument {
  enum class Kind : std::uint8_t { kNumber, kString, kOther };
  Kind kind = Kind::kNumber;
  std::string text;
};

struct NamedArgument {
  std::string name;
  Argument value;
};

// By position or by name.
using Arguments = std::variant<std::vector<Argument>, std::vector<NamedArgument>>;

// A wasm value outside the engine: its type and its bits (i32 and f32 in the low 32). References
// are only ever null.
struct Value {
  ValueType type = ValueType::kI32;
  std::uint64_t low = 0;
  std::uint64_t high = 0;  // v128: lanes 8-15
};

// Takes a command's standard output as it is written. Called on whatever thread runs the guest.
class OutputSink {
 public:
  virtual ~OutputSink() = default;

  // Whether more may be written now; when not, the guest is suspended, and the sink calls
  // Invocation's resumer when it has room again.
  virtual bool ready() = 0;
  virtual void write(ByteView bytes) = 0;
};

// What one call may take, already within the operator's maxima.
struct CallLimits {
  std::chrono::milliseconds timeout{10'000};
  std::uint64_t memory_bytes = 256U << 20;
  std::uint64_t output_bytes = 8U << 20;
};

// The standard streams and settings of a WASI guest.
struct WasiInput {
  std::vector<std::string> args;  // without argv[0]
  StringMap env;
  Bytes stdin_bytes;
};

struct Returned {
  std::vector<Value> results;
};

struct Frame {
  std::string function;                 // its name, or "func[12]"
  std::optional<std::uint64_t> offset;  // in the module's bytes, where it is known
};

struct Trapped {
  std::string kind;  // "unreachable", "out-of-bounds-memory", ... (contract, section 5)
  std::string message;
  std::vector<Frame> backtrace;  // innermost first
};

struct Exited {
  std::int32_t code = 0;
};

struct TimedOut {};
struct Cancelled {};

// The call ended for a reason that has an error code of its own: kMemoryLimit, kOutputLimit,
// kInvalidModule, ...
struct Refused {
  Error error;
};

struct Outcome {
  std::variant<Returned, Trapped, Exited, TimedOut, Cancelled, Refused> ending;
  Bytes stdout_bytes;
  Bytes stderr_bytes;
  std::chrono::nanoseconds queued{0};
  std::chrono::nanoseconds instantiate{0};
  std::chrono::nanoseconds run{0};
};

}  // namespace wasm_server
