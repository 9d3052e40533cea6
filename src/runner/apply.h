#pragma once

#include <optional>

#include "base/result.h"
#include "jobs/wasm_job.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// What the module that `job` names is afterwards (for DELETE: what it was), or why the job is
// refused. A pure function: the same job on the same state gives the same answer on every node.
// `current` is the module as it is, empty when there is none; `source` the revision that a MODIFY
// returns to, empty when there is no such one or the job names none.
Result<WasmMetaData> apply(const WasmJob& job, const std::optional<WasmMetaData>& current,
                           const std::optional<WasmMetaData>& source);

}  // namespace wasm_server
