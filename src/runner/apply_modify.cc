#include <optional>
#include <utility>

#include "runner/apply.h"
#include "runner/next_revision.h"
#include "store/module_repository.h"

namespace wasm_server {

Result<JobResult> apply(Batch& batch, const WasmJob& job, const ModifyJob& modify) {
  ModuleBatch modules{batch};
  const std::string& id = job.meta_data.id;
  TRY_ASSIGN(const auto current, modules.find(id));
  std::optional<WasmMetaData> source;
  if (modify.revision) {
    TRY_ASSIGN(source, modules.find_revision(id, *modify.revision));
  }
  TRY_ASSIGN(WasmMetaData next, modified_module(job, modify, current, source));
  TRY_ASSIGN(const auto added, modules.put(next, job.wasm ? job.wasm->bytes : nullptr));
  JobResult result;
  result.meta_data = std::move(next);
  result.stored = added.stored;
  if (modify.max_revisions == 0) return result;
  TRY_ASSIGN(auto aged_out, modules.keep_newest(id, modify.max_revisions));
  result.stored += aged_out.stored;
  result.freed = std::move(aged_out.freed);
  return result;
}

}  // namespace wasm_server
