#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/basic_waitable_timer.hpp>

#include "base/result.h"
#include "base/task.h"
#include "handlers/execute/streamed_call.h"
#include "handlers/http/guest_exchange.h"
#include "http/body_reader.h"
#include "http/request.h"

namespace wasm_server {

// A handler that did not end in its first slice, as the session's coroutine sees it: while that
// waits for the answer it reads the request's body for the guest, lets it go on on the worker for
// as long as that is cheap, and notices a client that leaves. All of it on the worker's loop.
class HandlerCall : public std::enable_shared_from_this<HandlerCall> {
 public:
  // `execution` writes to `exchange`. `request` is there until let_go().
  HandlerCall(Worker& worker, Execution execution, std::shared_ptr<GuestExchange> exchange,
              Request& request);

  // Once, after it was made.
  void start();

  GuestExchange& exchange() { return *exchange_; }
  // How it ended, once it has.
  const std::optional<ExecutionResult>& result() { return exchange_->output().result(); }

  // Waits for the head of the answer, and then a moment for all of it; also for the end of whatever
  // will give none.
  Task<void> wait_for_head();

  // The next bytes of the answer's body, valid until the next call; empty when it is whole. An
  // error when it will not be.
  Task<Result<ByteView>> next_piece();
  // By when the guest must go on, should it stand still meanwhile.
  std::chrono::steady_clock::time_point deadline() const { return call_->deadline(); }

  // Whether the client has left, or sends what is no body.
  bool has_failed() const { return failure_.has_value(); }
  // Why there will be no whole answer, once the guest has ended or cannot go on.
  Error failure();

  // The request is gone, and so is who waits for the answer. A guest that has given it goes on to
  // its end, any other is stopped.
  void let_go();

 private:
  using Moment = std::chrono::steady_clock::time_point;
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  bool has_head();
  bool has_enough();
  bool is_over();
  Task<void> wait(Moment until);
  Task<void> sleep(Moment until);
  Task<void> read_body(Moment until);
  bool take_arrived();
  void wake_at(Moment time);
  void wake();
  void stop(Error why);

  Worker& worker_;
  const std::shared_ptr<GuestExchange> exchange_;
  const std::shared_ptr<StreamedCall> call_;
  Peer* peer_;
  BodyReader* reader_;
  Timer timer_;
  bool begun_ = false;  // the answer is on its way
  Bytes piece_;
  std::optional<Error> failure_;  // of the client
};

// Puts what has arrived of the body behind the header where the guest finds it, without waiting.
void take_arrived_body(BodyReader& reader, RequestPipe& pipe);

}  // namespace wasm_server
