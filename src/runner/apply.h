#pragma once

#include "base/result.h"
#include "jobs/wasm_job.h"
#include "store/batch.h"

namespace wasm_server {

// Applies one job to a batch. A job that is refused, or fails, leaves no trace in it.
Result<JobResult> apply_job(Batch& batch, const WasmJob& job);

// One for each type of job, in a file of its own. What it wrote before it failed is rolled back by
// apply_job().
Result<JobResult> apply(Batch& batch, const WasmJob& job, const SaveJob& save);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const ModifyJob& modify);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const DeleteJob& erase);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const CreateTokenJob& create);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const RotateTokenJob& rotate);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const RevokeTokenJob& revoke);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const NoteTokenUseJob& use);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const PutSecretJob& put);
Result<JobResult> apply(Batch& batch, const WasmJob& job, const DeleteSecretJob& erase);

}  // namespace wasm_server
