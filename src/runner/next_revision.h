#pragma once

#include <optional>

#include "base/result.h"
#include "jobs/wasm_job.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// What a module is after a job, or why the job is refused. Pure functions: the same job on the same
// state gives the same answer on every node. `current` is the module as it is, empty when there is
// none; `source` the revision that a MODIFY returns to, empty when there is no such one or the job
// names none.
Result<WasmMetaData> saved_module(const WasmJob& job, const SaveJob& save,
                                  const std::optional<WasmMetaData>& current);
Result<WasmMetaData> modified_module(const WasmJob& job, const ModifyJob& modify,
                                     const std::optional<WasmMetaData>& current,
                                     const std::optional<WasmMetaData>& source);
// As it was.
Result<WasmMetaData> deleted_module(const WasmJob& job, const DeleteJob& erase,
                                    const std::optional<WasmMetaData>& current);

}  // namespace wasm_server
