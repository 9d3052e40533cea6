#pragma once

#include <chrono>
#include <memory>

#include "base/digest.h"
#include "base/result.h"
#include "base/task.h"
#include "compile/compiler.h"
#include "engine/code/compiled_module.h"
#include "store/module_repository.h"

namespace wasm_server {

// A stored module's code, verified against its digest; kNotFound when it was deleted.
Result<SharedBytes> load_code(const ModuleRepository& store, const Digest& digest);

// Waits, on the caller's event loop, until `subject` is compiled (its code comes from `store` when
// it is needed), or until the timeout (kNotReady; the compilation goes on for those who come
// later).
Task<Result<std::shared_ptr<const CompiledModule>>> await_compiled(
    Compiler& compiler, const ModuleRepository& store, CompileSubject subject,
    std::chrono::milliseconds timeout);

}  // namespace wasm_server
