#include "handlers/http/handler_call.h"

#include <algorithm>
#include <utility>

#include "handlers/http/handler_failure.h"

namespace wasm_server {
namespace {

// How long an answer that has begun waits for its end, so that it goes out in one piece.
constexpr std::chrono::milliseconds kWholeWait{5};
// An answer does not wait for more than this.
constexpr std::size_t kEnoughToStart = 128U << 10;

}  // namespace

void take_arrived_body(BodyReader& reader, RequestPipe& pipe) {
  const ByteView piece = reader.arrived();
  if (!piece.empty()) pipe.put(piece);
  if (reader.has_ended()) pipe.end();
}

HandlerCall::HandlerCall(Worker& worker, Execution execution,
                         std::shared_ptr<GuestExchange> exchange, Request& request)
    : worker_(worker),
      exchange_(std::move(exchange)),
      call_(std::make_shared<StreamedCall>(
          worker, std::move(execution),
          std::shared_ptr<OutputStream>(exchange_, &exchange_->output()))),
      peer_(request.peer),
      reader_(request.body_reader),
      timer_(worker.context().get_executor()) {}

void HandlerCall::start() {
  call_->on_resumable([exchange = exchange_](std::function<void()> resume) {
    exchange->body().set_resume(std::move(resume));
  });
  exchange_->output().on_wake([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
  if (!call_->stands()) call_->move_to_background();
}

bool HandlerCall::is_over() { return result() || failure_; }

bool HandlerCall::has_head() {
  exchange_->listen();
  return is_over() || exchange_->head() != nullptr;
}

bool HandlerCall::has_enough() {
  exchange_->listen();
  return is_over() || exchange_->is_complete() || !*exchange_->head() ||
         exchange_->output().buffered() >= kEnoughToStart;
}

Task<void> HandlerCall::wait_for_head() {
  while (!has_head()) co_await wait(Moment::max());
  const Moment until = std::chrono::steady_clock::now() + kWholeWait;
  while (!has_enough() && std::chrono::steady_clock::now() < until) co_await wait(until);
  exchange_->stop_listening();
}

Task<Result<ByteView>> HandlerCall::next_piece() {
  begun_ = true;
  OutputStream& output = exchange_->output();
  output.reuse(piece_);
  while (true) {
    exchange_->listen();
    const bool is_last = exchange_->is_complete() || is_over();
    piece_ = output.take_buffered();
    if (!piece_.empty() || is_last) break;
    co_await wait(Moment::max());
  }
  exchange_->stop_listening();
  if (piece_.empty() && !exchange_->is_complete()) co_return std::unexpected{failure()};
  co_return ByteView(piece_);
}

// Until something may have changed, after the exchange was told to listen.
Task<void> HandlerCall::wait(Moment until) {
  const bool stands = call_->stands();
  if (stands && (exchange_->can_resume() || std::chrono::steady_clock::now() >= deadline())) {
    exchange_->stop_listening();
    call_->go_on();
    co_return;
  }
  const Moment latest = std::min(until, deadline());
  const bool reads = reader_ != nullptr && exchange_->body().wants_more();
  if (!reads) {
    co_await sleep(latest);
  } else if (!take_arrived()) {
    co_await read_body(latest);
  }
}

Task<void> HandlerCall::sleep(Moment until) {
  auto gone = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->stop(client_left());
  };
  if (begun_) {
    peer_->watch_silently(std::move(gone));
  } else {
    peer_->watch(std::move(gone));
  }
  co_await exchange_->output().sleep_until(until);
  peer_->unwatch();
}

bool HandlerCall::take_arrived() {
  take_arrived_body(*reader_, exchange_->body());
  return !exchange_->body().wants_more();
}

Task<void> HandlerCall::read_body(Moment until) {
  wake_at(until);
  const Result<ByteView> piece = co_await reader_->next();
  timer_.cancel();
  RequestPipe& body = exchange_->body();
  if (!piece) {
    stop(piece.error());
    co_return;
  }
  if (!piece->empty()) body.put(*piece);
  if (reader_->has_ended()) body.end();
}

// Of one that reads: a sleeping one has a timer of its own.
void HandlerCall::wake_at(Moment time) {
  if (time == Moment::max()) return;
  timer_.expires_at(time);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->wake();
  });
}

// Whoever waits for the answer sleeps, or waits for the client.
void HandlerCall::wake() {
  if (reader_ != nullptr) reader_->interrupt();
}

void HandlerCall::stop(Error why) {
  if (!failure_) failure_ = std::move(why);
  exchange_->body().abort();
  call_->cancel();
  exchange_->output().wake_now();
}

Error HandlerCall::failure() {
  if (failure_) return *failure_;
  return failure_of_handler(*exchange_, result());
}

void HandlerCall::let_go() {
  reader_ = nullptr;
  peer_ = nullptr;
  if (result()) return;
  exchange_->body().abort();
  if (exchange_->is_complete() && call_->stands() && !worker_.context().stopped()) call_->go_on();
  if (!exchange_->is_complete() || call_->stands()) call_->cancel();
}

}  // namespace wasm_server
