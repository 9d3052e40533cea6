#include <utility>

#include "runner/apply.h"
#include "runner/next_revision.h"
#include "store/module_repository.h"

namespace wasm_server {

Result<JobResult> apply(Batch& batch, const WasmJob& job, const SaveJob& save) {
  ModuleBatch modules{batch};
  TRY_ASSIGN(const auto current, modules.find(job.meta_data.id));
  TRY_ASSIGN(WasmMetaData next, saved_module(job, save, current));
  TRY(modules.put(next, job.wasm->bytes));
  return JobResult{std::move(next), {}};
}

}  // namespace wasm_server
