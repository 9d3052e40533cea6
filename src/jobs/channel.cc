#include "jobs/channel.h"

#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace wasm_server {
namespace {

// What a job without code is counted as: about what its fields and its place in the queue take.
constexpr std::size_t kJobOverhead = 512;

std::size_t weight(const PendingJob& pending) { return kJobOverhead + pending.job.meta_data.size; }

// Resumes a waiting coroutine on its own event loop, which is kept from running out of work until
// then.
template <class Handler>
std::move_only_function<void(Result<JobResult>)> resume_later(Handler handler) {
  auto executor = asio::get_associated_executor(handler);
  auto work = asio::make_work_guard(executor);
  return [handler = std::move(handler), work = std::move(work)](Result<JobResult> result) mutable {
    auto resume = [handler = std::move(handler), result = std::move(result)]() mutable {
      handler(std::move(result));
    };
    asio::post(work.get_executor(), std::move(resume));
    work.reset();
  };
}

}  // namespace

Result<void> JobChannel::push(PendingJob& pending) {
  const std::size_t bytes = weight(pending);
  bool was_empty = false;
  {
    const std::lock_guard lock{mutex_};
    if (closed_) return fail(ErrorCode::kOverloaded, "the server is stopping");
    was_empty = queue_.empty();
    const bool fits = queue_.size() < capacity_.jobs && bytes_ + bytes <= capacity_.bytes;
    if (!was_empty && !fits) return fail(ErrorCode::kOverloaded, "too many writes are waiting");
    queue_.push_back(std::move(pending));
    bytes_ += bytes;
  }
  // The receiver takes everything at once, so that it can only be waiting for the first job.
  if (was_empty) ready_.notify_one();
  return {};
}

Result<void> JobChannel::Tx::try_send(PendingJob job) { return channel_.push(job); }

Task<Result<JobResult>> JobChannel::Tx::submit(WasmJob job, std::optional<PrefixQuota> quota) {
  return JobChannel::submit(channel_, std::move(job), std::move(quota));
}

Task<Result<JobResult>> JobChannel::submit(JobChannel& channel, WasmJob job,
                                           std::optional<PrefixQuota> quota) {
  auto initiate = [&channel, &job, &quota](auto handler) {
    PendingJob pending{std::move(job), resume_later(std::move(handler)), std::move(quota)};
    auto sent = channel.push(pending);
    if (!sent) pending.done(std::unexpected{std::move(sent).error()});
  };
  auto result =
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Result<JobResult>)>(
          std::move(initiate), use_task);
  co_return result;
}

bool JobChannel::Rx::receive(std::vector<PendingJob>& batch) {
  batch.clear();
  return channel_.take(batch);
}

bool JobChannel::take(std::vector<PendingJob>& batch) {
  std::unique_lock lock{mutex_};
  ready_.wait(lock, [this] { return !queue_.empty() || closed_; });
  batch.swap(queue_);
  bytes_ = 0;
  return !batch.empty();
}

JobChannel::Load JobChannel::load() {
  const std::lock_guard lock{mutex_};
  return {queue_.size(), bytes_};
}

void JobChannel::close() {
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
  }
  ready_.notify_all();
}

}  // namespace wasm_server
