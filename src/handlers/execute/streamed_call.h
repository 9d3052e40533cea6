#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "handlers/execute/output_stream.h"
#include "worker/worker.h"

namespace wasm_server {

// A guest whose output is read while it runs. It goes on where that costs least: on the worker,
// between two pieces of the answer, for as long as each piece takes it no longer than a short call;
// once it took longer, or slept, in the background, beside who reads. Used on the worker's loop.
class StreamedCall : public std::enable_shared_from_this<StreamedCall> {
 public:
  // `execution` has run on the worker, did not end, and writes to `stream`.
  StreamedCall(Worker& worker, Execution execution, std::shared_ptr<OutputStream> stream);

  OutputStream& stream() { return *stream_; }

  // Called with what wakes the guest, once it is in the background: for what else it may wait for
  // than room for its output.
  void on_resumable(std::function<void(std::function<void()>)> hook) {
    on_resumable_ = std::move(hook);
  }

  // Whether the guest stands still until its output is taken and go_on() called. A call that is
  // dropped then ends.
  bool stands() const { return execution_ && execution_->waits_for_sink(); }
  // When it must be gone on with; it would be stopped then.
  Runnable::Clock::time_point deadline() const;
  // Lets a guest that stands go on until it stands again, ends, or has to move to the background.
  void go_on();

  // The guest goes on beside the caller, once.
  void move_to_background();
  // Ends it, wherever it is. The end of one that stands is told at once.
  void cancel();

 private:
  static Task<void> run_in_background(std::shared_ptr<StreamedCall> self, Execution execution);

  Worker& worker_;
  std::optional<Execution> execution_;  // while it is on the worker
  std::shared_ptr<OutputStream> stream_;
  std::function<void(std::function<void()>)> on_resumable_;
  std::function<void()> cancel_ = [] {};  // what does it in the background
};

}  // namespace wasm_server
