#include "runner/apply.h"

#include <variant>

namespace wasm_server {

Result<JobResult> apply_job(Batch& batch, const WasmJob& job) {
  const Batch::Mark before = batch.mark();
  auto result =
      std::visit([&](const auto& details) { return apply(batch, job, details); }, job.details);
  if (!result) batch.rollback(before);
  return result;
}

}  // namespace wasm_server
