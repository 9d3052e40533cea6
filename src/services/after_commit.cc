#include "services/after_commit.h"

#include "engine/host_imports.h"
#include "services/await_compiled.h"

namespace wasm_server {

void AfterCommit::operator()(const WasmJob& job, const JobResult& result) const {
  if (result.token) {
    // Nobody's rights change with its use.
    if (job.meta_data.job_type != JobType::NOTE_TOKEN_USE) authenticator_.changed();
    return;
  }
  if (result.meta_data.id.empty()) return;  // the job was not about a module
  if (job.meta_data.job_type != JobType::SAVE) modules_.forget(result.meta_data.id);
  if (job.meta_data.job_type == JobType::DELETE) executions_.forget(result.meta_data.id);
  for (const auto& digest : result.freed) {
    compiler_.forget(digest);
    modules_.drop_preloaded(digest);
  }
  sweeper_.look_at(result.freed);
  if (job.wasm) compile(result.meta_data);
}

// What cannot run is not compiled. The code is read back when its turn comes: the queue holds no
// code.
void AfterCommit::compile(const WasmMetaData& meta_data) const {
  if (missing_imports(*meta_data.info)) return;
  compiler_.prepare(CompileSubject::of(meta_data), [&store = store_, digest = meta_data.digest] {
    return load_code(store, digest);
  });
}

}  // namespace wasm_server
