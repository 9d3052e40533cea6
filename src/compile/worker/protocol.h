#pragma once

// What the server and a compile worker say to each other, over a socket pair that keeps the bounds
// of messages:
//
//   to the worker, first    u8 1, u8 work, u8 waited_for, varint threads, varint memory_bytes,
//                           varint max_wasm_stack_bytes, varint server's process id,
//                           varint for each of the six bounds of a module, in their order
//   then, for each task     u8 2, and the module's code as a sealed memfd
//   from the worker, first  u8 5: it is ready for tasks, which may have been sent before
//   then, for each task     u8 3, and the artefact or report as a sealed memfd, or
//                           u8 4, u8 code of the error, text reason
//
// Both ends are of one build, so there is no version. The server takes any bytes for an answer: a
// worker may have been taken over by the module that it compiles.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/descriptor.h"
#include "base/result.h"
#include "engine/inspect/inspect.h"

namespace wasm_server {

enum class CompileWork : std::uint8_t {
  kOptimize,  // code -> artefact, by Cranelift
  kBaseline,  // code -> artefact, by Winch
  kInspect,   // code -> report (engine/inspect/report.h)
};

// What a worker is told once.
struct WorkerSetup {
  CompileWork work = CompileWork::kOptimize;
  bool waited_for = false;  // by a call: it gets more of a busy machine
  unsigned threads = 1;
  std::uint64_t memory_bytes = 2ULL << 30;  // beyond what it has at its start
  std::size_t max_wasm_stack_bytes = 512U << 10;
  std::uint32_t server = 0;  // process id: when that is gone, it ends
  ModuleBounds bounds{};     // of kInspect

  friend bool operator==(const WorkerSetup&, const WorkerSetup&) = default;
};

std::string encode_setup(const WorkerSetup& setup);
std::optional<WorkerSetup> decode_setup(std::string_view message);

std::string encode_ready();
bool is_ready(std::string_view message);

std::string encode_task();
bool is_task(std::string_view message);

// With memory there is no error, and the other way round.
std::string encode_done();
std::string encode_failed(const Error& error);

// kDone: memory comes with it. An error's code is one that a module is to blame for, or kInternal;
// its reason is UTF-8 of at most kMaxReason bytes without control characters.
struct Done {};
using WorkerReply = std::variant<Done, Error>;
std::optional<WorkerReply> decode_reply(std::string_view message);

// A report is no longer. What is kept of a module is far less.
inline constexpr std::size_t kMaxReport = 64U << 20;

inline constexpr std::size_t kMaxReason = 4096;
// No message is longer.
inline constexpr std::size_t kMaxMessage = kMaxReason + 64;

}  // namespace wasm_server
