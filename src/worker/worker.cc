#include "worker/worker.h"

#include <exception>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

namespace wasm_server {

namespace {

Outcome refused() {
  Outcome outcome;
  outcome.ending = Refused{{ErrorCode::kOverloaded, "too many executions are running and waiting"}};
  return outcome;
}

}  // namespace

Worker::Worker(unsigned index, BackgroundPool& pool, Admission& admission)
    : index_(index), pool_(pool), admission_(admission), work_(context_.get_executor()) {}

Worker::~Worker() { stop(); }

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

// The worker loop's edge: what gets here is a bug of ours; the loop goes on for the others.
void Worker::run() {
  while (true) {
    try {
      context_.run();
      return;
    } catch (const std::exception& error) {
      spdlog::error("worker {}: {}", index_, error.what());
    }
  }
}

Task<Outcome> Worker::execute(ExecuteOrder order) {
  const auto ticket = admission_.try_enter(order.module_id, order.gate);
  const bool has_sink = order.invocation.sink != nullptr;
  if (ticket.gate == nullptr || ticket.slow || has_sink) {
    auto outcome = co_await execute_in_background(std::move(order), ticket.gate);
    co_return outcome;
  }
  auto invocation = std::make_unique<Invocation>(std::move(order.invocation));
  const auto progress = invocation->poll();
  if (progress == Invocation::Progress::kFinished) {
    admission_.leave(*ticket.gate, false);
    co_return invocation->take_outcome();
  }
  auto call = std::make_shared<GuestCall>(pool_, admission_, std::move(invocation));
  auto outcome = co_await wait_in_background(std::move(call), ticket.gate, progress, order);
  co_return outcome;
}

// A call that has not run yet; `gate` is null when it is not in.
Task<Outcome> Worker::execute_in_background(ExecuteOrder order, Admission::Gate* gate) {
  auto invocation = std::make_unique<Invocation>(std::move(order.invocation));
  auto call = std::make_shared<GuestCall>(pool_, admission_, std::move(invocation));
  auto outcome =
      co_await wait_in_background(std::move(call), gate, Invocation::Progress::kFinished, order);
  co_return outcome;
}

// Hands the call over and waits for its outcome. `progress` kFinished: it has not run yet.
Task<Outcome> Worker::wait_in_background(std::shared_ptr<GuestCall> call, Admission::Gate* gate,
                                         Invocation::Progress progress, ExecuteOrder& order) {
  auto initiate = [this, call, gate, progress, &order](auto handler) {
    // The pool delivers on its own thread; the waiting coroutine goes on on this loop.
    auto done = [context = &context_, handler = std::move(handler)](Outcome outcome) mutable {
      asio::post(*context, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
        handler(std::move(outcome));
      });
    };
    // Before the call begins, because then it may end at any moment. Weak: the call may be over.
    const std::weak_ptr<GuestCall> weak = call;
    if (order.on_resumable) {
      order.on_resumable([weak] {
        if (const auto held = weak.lock()) held->resume();
      });
    }
    GuestCall::Done done_function(std::move(done));
    if (gate == nullptr) {
      if (!call->start_or_wait(order.module_id, order.gate, done_function)) {
        done_function(refused());
        return;
      }
    } else if (progress == Invocation::Progress::kFinished) {
      call->start(*gate, std::move(done_function));
    } else {
      call->go_on(*gate, progress, std::move(done_function));
    }
    if (order.on_wait) {
      order.on_wait([weak] {
        if (const auto held = weak.lock()) held->cancel();
      });
    }
  };
  auto outcome =
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Outcome)>(initiate,
                                                                                          use_task);
  co_return outcome;
}

}  // namespace wasm_server
