#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/digest.h"
#include "base/result.h"
#include "base/task.h"
#include "engine/compiled_module.h"
#include "engine/compiler.h"
#include "store/store.h"

namespace wasm_server {

// A stored module's code, verified against its digest; kNotFound when it was deleted.
Result<SharedBytes> load_code(Store& store, const Digest& digest);

// Waits, on the caller's event loop, until `digest` is compiled (its code, of `size` bytes, comes
// from `store` when it is needed), or until the timeout (kDeadlineExceeded; the compilation goes on
// for those who come later).
Task<Result<std::shared_ptr<const CompiledModule>>> await_compiled(
    Compiler& compiler, Store& store, Digest digest, std::uint64_t size,
    std::chrono::milliseconds timeout);

}  // namespace wasm_server
