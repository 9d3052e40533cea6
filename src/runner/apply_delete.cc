#include <utility>

#include "runner/apply.h"
#include "runner/next_revision.h"
#include "store/module_repository.h"

namespace wasm_server {

Result<JobResult> apply(Batch& batch, const WasmJob& job, const DeleteJob& erase) {
  ModuleBatch modules{batch};
  TRY_ASSIGN(const auto current, modules.find(job.meta_data.id));
  TRY_ASSIGN(WasmMetaData deleted, deleted_module(job, erase, current));
  TRY_ASSIGN(auto freed, modules.erase(job.meta_data.id));
  return JobResult{std::move(deleted), std::move(freed)};
}

}  // namespace wasm_server
