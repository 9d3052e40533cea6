#include "runner/runner.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "base/log.h"
#include "runner/apply.h"
#include "store/batch.h"

namespace wasm_server {
namespace {

std::unexpected<Error> unexpected_failure() {
  return fail(ErrorCode::kInternal, "the write failed; nothing was stored");
}

}  // namespace

void Runner::start() {
  thread_ = std::thread{[this] { run(); }};
  pthread_setname_np(thread_.native_handle(), "runner");
}

void Runner::stop() {
  if (thread_.joinable()) thread_.join();
}

void Runner::run() {
  while (rx_.receive(batch_)) process();
}

void Runner::process() {
  const auto begin = std::chrono::steady_clock::now();
  write_batch();
  commit_times_.add(std::chrono::steady_clock::now() - begin);
  answer();
  batch_.clear();
}

void Runner::write_batch() {
  results_.clear();
  const std::uint64_t before = store_.sequence();
  bool done = false;
  try {
    done = write_together();
  } catch (const std::exception& exception) {
    // Not known of which job: alone, only that one meets it again. Unless it is committed already.
    log_error(std::string{"runner: batch: "} + exception.what());
    done = store_.sequence() != before;
    if (done) quotas_.committed();
  }
  if (!done) write_one_by_one();
}

// False when each job has to be tried alone.
bool Runner::write_together() {
  quotas_.discard();  // of a batch that failed
  for (const PendingJob& pending : batch_) {
    if (pending.quota) quotas_.prepare(*pending.quota);
  }
  const auto batch = store_.begin();
  if (!batch) {
    results_.assign(batch_.size(), std::unexpected{batch.error()});
    return true;
  }
  done_.clear();
  for (const PendingJob& pending : batch_) {
    results_.push_back(apply_within_quota(**batch, pending));
    if (results_.back()) done_.push_back(&pending.job);
  }
  const auto committed = commit(**batch, done_);
  if (committed) return true;
  if (committed.error().code == ErrorCode::kStorageFull && batch_.size() > 1) return false;
  for (Result<JobResult>& result : results_) {
    if (result) result = std::unexpected{committed.error()};
  }
  return true;
}

void Runner::write_one_by_one() {
  results_.clear();
  for (const PendingJob& pending : batch_) results_.push_back(write_alone(pending));
}

// As a batch of its own.
Result<JobResult> Runner::write_alone(const PendingJob& pending) try {
  quotas_.discard();  // of a batch that failed
  TRY_ASSIGN(const auto batch, store_.begin());
  TRY_ASSIGN(JobResult result, apply_within_quota(*batch, pending));
  const WasmJob* const done = &pending.job;
  TRY(commit(*batch, {&done, 1}));
  return result;
} catch (const std::exception& exception) {
  log_error("runner: job " + pending.job.meta_data.job_id + ": " + exception.what());
  return unexpected_failure();
}

Result<JobResult> Runner::apply_within_quota(Batch& batch, const PendingJob& pending) {
  const Batch::Mark before = batch.mark();
  auto result = apply_job(batch, pending.job);
  if (!result) return result;
  auto within = quotas_.add(pending.job.meta_data.id, result->stored, pending.quota);
  if (within) return result;
  batch.rollback(before);
  return std::unexpected{std::move(within).error()};
}

// With the entry of the log that says how to do the same again.
Result<void> Runner::commit(Batch& batch, std::span<const WasmJob* const> done) {
  if (done.empty()) return {};
  TRY_ASSIGN(JobLog::Appended appended, log_.append(done));
  batch.set_entry({appended.sequence, std::move(appended.beside)});
  TRY(store_.commit(batch));
  quotas_.committed();
  return {};
}

void Runner::answer() {
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (results_[i] && on_commit_) on_commit_(batch_[i].job, *results_[i]);
  }
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    try {
      batch_[i].done(std::move(results_[i]));
    } catch (const std::exception& exception) {
      log_error(std::string{"runner: answering: "} + exception.what());
    }
  }
}

}  // namespace wasm_server
