#pragma once

#include "base/result.h"
#include "jobs/wasm_job.h"
#include "store/store.h"

namespace wasm_server {

// Applies one job within a transaction; a job that fails leaves no trace in it.
// A job that made one of the module's revisions already is answered with that revision and changes
// nothing, so that applying a job twice is harmless.
Result<JobResult> perform_job(Store::Transaction& transaction, const WasmJob& job);

}  // namespace wasm_server
