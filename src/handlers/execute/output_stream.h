#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "base/bytes.h"
#include "base/task.h"
#include "engine/runnable/output_sink.h"
#include "model/outcome.h"

namespace wasm_server {

// A command's standard output, or a handler's answer, on its way to a client: written by the guest
// on whatever thread it runs, read on the session's event loop. The guest is suspended while more
// than a bounded amount waits, so a slow client costs neither memory nor a thread.
class OutputStream : public OutputSink {
 public:
  explicit OutputStream(const Executor& executor) : timer_(executor) {}

  // The guest's side.
  bool ready() override;
  void write(ByteView bytes) override;

  // What wakes the guest up when there is room again. Until it is set, a guest without room waits.
  void set_resume(std::function<void()> resume);

  // Called whenever the reader is woken, whatever else it waits for then; on the session's loop.
  void on_wake(std::function<void()> hook) { on_wake_ = std::move(hook); }
  // Wakes the reader. For the guest, before it has ended.
  void wake();

  // Called once, when the guest has ended, on the session's loop.
  void on_end(std::function<void(const ExecutionResult&)> hook) { on_end_ = std::move(hook); }

  // The guest has ended; on the session's loop.
  void finish(ExecutionResult result);

  // The reader's side, on the session's loop.
  // Waits until the guest has ended, or until it has written and then `max_wait` has passed or the
  // buffer is half full.
  Task<void> wait_for_start(std::chrono::milliseconds max_wait);
  // Waits for output, or for the end: takes what there is.
  Task<Bytes> take();
  // Until then, or until it is woken.
  Task<void> sleep_until(std::chrono::steady_clock::time_point time);
  // Whether the guest may write more, as it sees it.
  bool has_room();
  // The same as the guest's wake(), and at once.
  void wake_now();
  // Whether it stands still because it could not, and can now.
  bool can_resume();
  std::size_t buffered();
  // Memory of what was taken, for what is written next; `bytes` is empty then.
  void reuse(Bytes& bytes);
  // What there is; the guest may go on.
  Bytes take_buffered();
  const std::optional<ExecutionResult>& result() const { return result_; }
  // Once there is one.
  ExecutionResult take_result() { return *std::exchange(result_, ExecutionResult{}); }

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  bool waits_for(std::size_t bytes);
  Task<void> sleep(std::chrono::milliseconds time);
  void resume_guest();

  static constexpr auto kNothing = std::numeric_limits<std::size_t>::max();

  Timer timer_;                            // session's loop: expires for a reader that waits
  std::optional<ExecutionResult> result_;  // session's loop
  std::function<void(const ExecutionResult&)> on_end_;
  std::function<void()> on_wake_;

  std::mutex mutex_;
  Bytes buffer_;                             // guarded by mutex_
  std::size_t reader_waits_for_ = kNothing;  // guarded by mutex_: so many bytes wake it
  bool guest_waits_ = false;                 // guarded by mutex_
  std::function<void()> resume_;             // session's loop
};

}  // namespace wasm_server
