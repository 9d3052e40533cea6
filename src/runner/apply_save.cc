#include <utility>

#include "runner/apply.h"
#include "runner/next_revision.h"
#include "store/module_repository.h"

namespace wasm_server {

Result<JobResult> apply(Batch& batch, const WasmJob& job, const SaveJob& save) {
  ModuleBatch modules{batch};
  TRY_ASSIGN(const auto current, modules.find(job.meta_data.id));
  TRY_ASSIGN(WasmMetaData next, saved_module(job, save, current));
  TRY_ASSIGN(auto change, modules.put(next, job.wasm->bytes));
  JobResult result;
  result.meta_data = std::move(next);
  result.stored = change.stored;
  return result;
}

}  // namespace wasm_server
