#include "runner/runner.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "base/log.h"
#include "runner/perform_job.h"

namespace wasm_server {
namespace {

std::unexpected<Error> unexpected_failure() {
  return fail(ErrorCode::kInternal, "the write failed; nothing was stored");
}

// One job with a transaction and a commit of its own.
Result<JobResult> write_alone(Store& store, const WasmJob& job) try {
  auto transaction = store.begin();
  if (!transaction) return std::unexpected{std::move(transaction).error()};
  auto result = perform_job(**transaction, job);
  if (!result) return result;
  if (auto committed = (*transaction)->commit(); !committed)
    return std::unexpected{std::move(committed).error()};
  return result;
} catch (const std::exception& exception) {
  log_error("runner: job " + job.meta_data.job_id + ": " + exception.what());
  return unexpected_failure();
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
  write_batch();
  answer();
  batch_.clear();
}

void Runner::write_batch() {
  results_.clear();
  bool done = false;
  try {
    done = write_together();
  } catch (const std::exception& exception) {
    // Not known of which job: alone, only that one meets it again.
    log_error(std::string{"runner: batch: "} + exception.what());
  }
  if (!done) write_one_by_one();
}

// False when each job has to be tried alone.
bool Runner::write_together() {
  auto transaction = store_.begin();
  if (!transaction) {
    results_.assign(batch_.size(), std::unexpected{transaction.error()});
    return true;
  }
  for (const PendingJob& pending : batch_)
    results_.push_back(perform_job(**transaction, pending.job));
  const auto committed = (*transaction)->commit();
  if (committed) return true;
  if (committed.error().code == ErrorCode::kStorageFull && batch_.size() > 1) return false;
  for (Result<JobResult>& result : results_) {
    if (result) result = std::unexpected{committed.error()};
  }
  return true;
}

void Runner::write_one_by_one() {
  results_.clear();
  for (const PendingJob& pending : batch_) results_.push_back(write_alone(store_, pending.job));
}

void Runner::answer() {
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (results_[i] && on_commit_) on_commit_(*results_[i], batch_[i].job.meta_data.job_type);
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
