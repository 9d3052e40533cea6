#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace wasm_server {

// The engine reports what it was doing in the first line and, where there is one, the cause in the
// last ("error\n\nCaused by:\n    cause").
std::string root_cause(const std::string& message);

// "error: cause"
std::string with_cause(const std::string& message);

// Why a module was not compiled or not loaded: kMemoryLimit when it does not fit the pool, else
// kInvalidModule.
Error compile_error(const std::string& message);

// What to do with a module that has threads, which no guest is offered.
inline constexpr std::string_view kNoThreads =
    "threads (shared memory, atomic operations, wasi.thread-spawn) are not offered here: build the "
    "module without them, for wasm32-wasip1 and without -pthread";

// The validator's reason, and kNoThreads where it speaks of them as of a setting.
std::string explain_refusal(std::string_view reason);

}  // namespace wasm_server
