#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "engine/runnable/runnable.h"
#include "worker/admission.h"
#include "worker/slice_watch.h"

namespace wasm_server {

// What is to be executed.
struct ExecutionSpec {
  std::string_view module_id;  // outlives `runnable`
  ConcurrencyLimits concurrency;
  std::unique_ptr<Runnable> runnable;
};

// For who waits for an execution that did not end at once. Both are called on the worker's loop.
struct ExecutionWaiter {
  // Called with what cancels the call; that may be called at any time after, also when the call is
  // over.
  std::move_only_function<void(std::function<void()> cancel)> on_wait;
  // Called with what must be called (from any thread) whenever the output sink has room again. May
  // be empty when there is no sink.
  std::move_only_function<void(std::function<void()> resume)> on_resumable;
};

// An execution from its beginning until it has ended or moved to the background. It holds its place
// at the module's limiter, and gives that back when it is dropped. Used on one worker's loop.
class Execution {
 public:
  // `slot`: of the worker's thread.
  Execution(Admission& admission, SliceWatch::ThreadSlot& slot, ExecutionSpec&& spec);
  ~Execution();
  Execution(Execution&& other) noexcept;
  Execution& operator=(Execution&&) = delete;

  // Runs the first slice, if the call may run at once and on this thread, and one more if that was
  // used up. True: it has ended, and take_result() may be called. Otherwise Worker::finish goes on
  // with it.
  bool run_on_worker();

  // Of one that did not end: whether it is suspended only because its sink is full. Then it may go
  // on here instead, each time that there is room.
  bool waits_for_sink() const;
  // Goes on until it waits for its sink again, for about a millisecond at most. True: it has ended.
  // If it neither ended nor waits for its sink, Worker::finish goes on with it.
  bool go_on_on_worker();
  // When it must have been gone on with, so that it ends in time. Of one that waits for its sink.
  Runnable::Clock::time_point deadline() const { return runnable_->wake_at(); }

  ExecutionResult take_result() { return runnable_->take_result(); }

  // Of an execution that has ended: what is left to release.
  std::unique_ptr<Runnable> take_runnable() { return std::move(runnable_); }

 private:
  friend class Worker;

  bool leave_if_ended();
  void run_slice();

  Admission* admission_;
  SliceWatch::ThreadSlot* slot_;
  std::string_view module_id_;
  ConcurrencyLimits concurrency_limits_;
  bool has_run_ = false;
  Runnable::Progress progress_ = Runnable::Progress::kSliceUsed;  // when it has run
  SliceUse slice_use_ = SliceUse::kShort;
  Admission::ConcurrencyLimiter* limiter_ = nullptr;  // that it is in
  std::unique_ptr<Runnable> runnable_;
};

}  // namespace wasm_server
