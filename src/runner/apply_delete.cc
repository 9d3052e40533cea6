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
  TRY_ASSIGN(auto erased, modules.erase_damaged(id));
  result.freed = std::move(erased.freed);
  return result;
}

}  // namespace

Result<JobResult> apply(Batch& batch, const WasmJob& job, const DeleteJob& erase) {
  ModuleBatch modules{batch};
  const auto current = modules.find(job.meta_data.id);
  if (!current && erase.preconditions.empty()) return delete_damaged(modules, job.meta_data.id);
  if (!current) return std::unexpected{current.error()};
  TRY_ASSIGN(WasmMetaData deleted, deleted_module(job, erase, *current));
  TRY_ASSIGN(auto erased, modules.erase(job.meta_data.id));
  JobResult result;
  result.meta_data = std::move(deleted);
  result.freed = std::move(erased.freed);
  result.stored = erased.stored;
  return result;
}

}  // namespace wasm_server
