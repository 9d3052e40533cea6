#include "runner/perform_job.h"

#include <optional>
#include <utility>
#include <vector>

#include "runner/apply.h"

namespace wasm_server {
namespace {

constexpr unsigned kMostLookedAt = 1024;

using Found = Result<std::optional<WasmMetaData>>;

// The revision that this job made, if it was applied before. A revision's time is never less than
// that of the one before nor of its job, so that the search ends at the first one older than the
// job: nearly always at once. After the clock was set back the revisions from before are as old as
// the job; then only the latest are looked at: what is repeated is a batch, not the hours before.
Found made_before(Store::Transaction& transaction, const WasmJob& job,
                  const std::optional<WasmMetaData>& current) {
  Found revision = current;
  for (unsigned looked_at = 0; revision && *revision; ++looked_at) {
    if ((*revision)->updated_at < job.meta_data.time || looked_at == kMostLookedAt)
      return std::nullopt;
    if ((*revision)->last_job_id == job.meta_data.job_id) return revision;
    const std::uint64_t number = (*revision)->revision;
    if (number <= 1) return std::nullopt;
    revision = transaction.find_revision(job.meta_data.id, number - 1);
  }
  return revision;
}

Found source_of(Store::Transaction& transaction, const WasmJob& job) {
  if (!job.meta_data.revision) return std::nullopt;
  return transaction.find_revision(job.meta_data.id, *job.meta_data.revision);
}

// The digests of the code that is gone.
Result<std::vector<Digest>> write(Store::Transaction& transaction, const WasmJob& job,
                                  const WasmMetaData& next) {
  if (job.meta_data.job_type == JobType::DELETE) return transaction.erase(job.meta_data.id);
  auto put = transaction.put(next, job.wasm ? job.wasm->bytes : nullptr);
  if (!put) return std::unexpected{std::move(put).error()};
  return {};
}

}  // namespace

Result<JobResult> perform_job(Store::Transaction& transaction, const WasmJob& job) {
  auto current = transaction.find(job.meta_data.id);
  if (!current) return std::unexpected{std::move(current).error()};
  auto before = made_before(transaction, job, *current);
  if (!before) return std::unexpected{std::move(before).error()};
  if (*before) return JobResult{std::move(**before), {}};

  const auto source = source_of(transaction, job);
  if (!source) return std::unexpected{source.error()};
  auto next = apply(job, *current, *source);
  if (!next) return std::unexpected{std::move(next).error()};
  auto freed = write(transaction, job, *next);
  if (!freed) return std::unexpected{std::move(freed).error()};
  return JobResult{std::move(*next), std::move(*freed)};
}

}  // namespace wasm_server
