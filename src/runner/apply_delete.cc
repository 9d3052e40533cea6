#include <string>
#include <utility>

#include "runner/apply.h"
#include "runner/next_revision.h"
#include "store/module_repository.h"

namespace wasm_server {
namespace {

// There is no other way to be rid of it. A condition cannot be judged.
Result<JobResult> delete_damaged(ModuleBatch& modules, const std::string& id) {
  JobResult result;
  result.meta_data.id = id;
  TRY_ASSIGN(result.freed, modules.erase_damaged(id));
  return result;
}

}  // namespace

Result<JobResult> apply(Batch& batch, const WasmJob& job, const DeleteJob& erase) {
  ModuleBatch modules{batch};
  const auto current = modules.find(job.meta_data.id);
  if (!current && erase.preconditions.empty()) return delete_damaged(modules, job.meta_data.id);
  if (!current) return std::unexpected{current.error()};
  TRY_ASSIGN(WasmMetaData deleted, deleted_module(job, erase, *current));
  TRY_ASSIGN(auto freed, modules.erase(job.meta_data.id));
  return JobResult{std::move(deleted), std::move(freed)};
}

}  // namespace wasm_server
