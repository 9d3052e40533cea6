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

Worker::Worker(unsigned index, BackgroundPool& pool, Admission& admission, SliceWatch& watch)
    : index_(index),
      pool_(pool),
      admission_(admission),
      watch_(watch),
      work_(context_.get_executor()) {}

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
  seat_ = &watch_.take_seat();
  while (true) {
    try {
      run_loop();
      watch_.leave(*seat_);
      return;
    } catch (const std::exception& error) {
      spdlog::error("worker {}: {}", index_, error.what());
    }
  }
}

void Worker::run_loop() {
  while (!context_.stopped()) {
    context_.poll();
    while (poll_on()) {
    }
    const auto asleep = IdlePolling::Clock::now();
    context_.run_one();
    polling_.slept(IdlePolling::Clock::now() - asleep);
  }
}

// Looks on for events, and handles what comes; false when it is time to sleep. Not while the
// background is busy: that keeps the cores awake, and would keep the one that it is offered, even
// in spare time, because who offers its core still waits for it and does not wake.
bool Worker::poll_on() {
  const auto begin = IdlePolling::Clock::now();
  auto now = begin;
  while (now < begin + IdlePolling::kWindow && polling_.worthwhile(now) && !pool_.is_busy()) {
    std::this_thread::yield();
    const auto offered = now;
    now = IdlePolling::Clock::now();
    polling_.offered(now - offered, now);
    if (context_.poll() > 0) return true;
  }
  return false;
}

Task<Outcome> Worker::finish(Execution execution, ExecutionWaiter waiter) {
  auto call = std::make_shared<GuestCall>(pool_, admission_, std::move(execution.invocation_));
  auto* gate = std::exchange(execution.gate_, nullptr);
  auto initiate = [this, call, gate, &execution, &waiter](auto handler) {
    // The pool delivers on its own thread; the waiting coroutine goes on on this loop.
    auto done = [context = &context_, handler = std::move(handler)](Outcome outcome) mutable {
      asio::post(*context, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
        handler(std::move(outcome));
      });
    };
    // Before the call begins, because then it may end at any moment. Weak: the call may be over.
    const std::weak_ptr<GuestCall> weak = call;
    if (waiter.on_resumable) {
      waiter.on_resumable([weak] {
        if (const auto held = weak.lock()) held->resume();
      });
    }
    GuestCall::Done done_function(std::move(done));
    if (gate == nullptr) {
      if (!call->start_or_wait(execution.module_id_, execution.gate_limits_, done_function)) {
        done_function(refused());
        return;
      }
    } else if (!execution.has_run_) {
      call->start(*gate, std::move(done_function));
    } else {
      call->go_on(*gate, execution.progress_, execution.pace_, std::move(done_function));
    }
    if (waiter.on_wait) {
      waiter.on_wait([weak] {
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
