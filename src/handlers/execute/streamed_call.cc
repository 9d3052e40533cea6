#include "handlers/execute/streamed_call.h"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace wasm_server {

StreamedCall::StreamedCall(Worker& worker, Execution execution,
                           std::shared_ptr<OutputStream> stream)
    : worker_(worker), execution_(std::move(execution)), stream_(std::move(stream)) {}

Runnable::Clock::time_point StreamedCall::deadline() const {
  return stands() ? execution_->deadline() : Runnable::Clock::time_point::max();
}

void StreamedCall::go_on() {
  if (!stands()) return;
  if (execution_->go_on_on_worker()) {
    auto result = execution_->take_result();
    execution_.reset();
    stream_->finish(std::move(result));
  } else if (!stands()) {
    move_to_background();
  }
}

void StreamedCall::move_to_background() {
  auto execution = *std::move(execution_);
  execution_.reset();
  auto running = run_in_background(shared_from_this(), std::move(execution));
  auto on_end = [self = shared_from_this()](const std::exception_ptr& error) {
    if (!error) return;
    ExecutionResult result;
    result.outcome = Refused{{ErrorCode::kInternal, "the execution failed"}};
    self->stream_->finish(std::move(result));
  };
  asio::co_spawn(worker_.context(), std::move(running), std::move(on_end));
}

Task<void> StreamedCall::run_in_background(std::shared_ptr<StreamedCall> self,
                                           Execution execution) {
  ExecutionWaiter waiter;
  waiter.on_wait = [self](std::function<void()> cancel) { self->cancel_ = std::move(cancel); };
  waiter.on_resumable = [self](std::function<void()> resume) {
    if (self->on_resumable_) self->on_resumable_(resume);
    self->stream_->set_resume(std::move(resume));
  };
  auto result = co_await self->worker_.finish(std::move(execution), std::move(waiter));
  self->stream_->finish(std::move(result));
}

// When the loop has stopped, nobody is there to be told.
void StreamedCall::cancel() {
  if (!execution_) return cancel_();
  execution_.reset();
  if (worker_.context().stopped()) return;
  ExecutionResult result;
  result.outcome = Cancelled{};
  stream_->finish(std::move(result));
}

}  // namespace wasm_server
