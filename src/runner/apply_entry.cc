#include "runner/apply_entry.h"

#include <string>
#include <utility>
#include <vector>

#include "jobs/job_codec.h"
#include "runner/apply.h"
#include "store/batch.h"

namespace wasm_server {
namespace {

std::string encoded(const LogEntry& entry) {
  std::vector<const WasmJob*> jobs;
  for (const WasmJob& job : entry.jobs) jobs.push_back(&job);
  return encode_entry(jobs);
}

std::unexpected<Error> differs(const LogEntry& entry, const WasmJob& job, const Error& error) {
  if (error.code == ErrorCode::kStorageFull) return std::unexpected{error};
  const std::string& why = error.log.empty() ? error.message : error.log;
  return fail(
      ErrorCode::kInternal, "the log of jobs does not fit to the database",
      "entry " + std::to_string(entry.sequence) + ", job " + job.meta_data.job_id + ": " + why);
}

}  // namespace

Result<void> apply_entry(Store& store, LogEntry entry, const CodeSource& code) {
  if (entry.sequence <= store.applied()) return {};
  TRY_ASSIGN(const auto batch, store.begin());
  for (WasmJob& job : entry.jobs) {
    if (job.wasm && !job.wasm->bytes) {
      TRY_ASSIGN(job.wasm->bytes, code(job.wasm->digest));
    }
    const auto done = apply_job(*batch, job);
    if (!done) return differs(entry, job, done.error());
  }
  batch->set_entry({entry.sequence, encoded(entry)});
  return store.commit(*batch);
}

}  // namespace wasm_server
