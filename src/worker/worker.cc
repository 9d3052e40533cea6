#include "worker/worker.h"

#include <exception>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "base/core_use.h"

namespace wasm_server {

namespace {

ExecutionResult refused() {
  ExecutionResult result;
  result.outcome = Refused{{ErrorCode::kOverloaded, "too many executions are running and waiting"}};
  return result;
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
  slot_ = &watch_.take_slot();
  meter_ = WorkMeter(spdlog::should_log(spdlog::level::debug));
  while (true) {
    try {
      run_loop();
      watch_.leave(*slot_);
      spdlog::debug(
          "worker {}: its longest piece of work took {} us of CPU time", index_,
          std::chrono::duration_cast<std::chrono::microseconds>(meter_.longest()).count());
      return;
    } catch (const std::exception& error) {
      spdlog::error("worker {}: {}", index_, error.what());
    }
  }
}

void Worker::run_loop() {
  while (!context_.stopped()) {
    poll();
    while (poll_on()) {
    }
    const auto asleep = IdlePolling::Clock::now();
    meter_.measure([this] { return context_.run_one(); });
    polling_.slept(IdlePolling::Clock::now() - asleep);
  }
}

// Handles what has come. One by one while each is measured.
std::size_t Worker::poll() {
  const auto begin = IdlePolling::Clock::now();
  std::size_t handled = 0;
  if (meter_.is_on()) {
    while (meter_.measure([this] { return context_.poll_one(); }) > 0) ++handled;
  } else {
    handled = context_.poll();
  }
  if (handled > 0) turns_.add(IdlePolling::Clock::now() - begin);
  return handled;
}

// Looks on for events, and handles what comes; false when it is time to sleep. Not while the
// background is busy: that keeps the cores awake, and would keep the one that it is offered
// (base/core_use.h).
bool Worker::poll_on() {
  const auto begin = IdlePolling::Clock::now();
  auto now = begin;
  while (now < begin + IdlePolling::kWindow && polling_.worthwhile(now) && !pool_.is_busy() &&
         !CoreUse::any()) {
    std::this_thread::yield();
    const auto offered = now;
    now = IdlePolling::Clock::now();
    polling_.offered(now - offered, now);
    if (poll() > 0) return true;
  }
  return false;
}

Task<ExecutionResult> Worker::finish(Execution execution, ExecutionWaiter waiter) {
  auto call = std::make_shared<GuestCall>(pool_, admission_, std::move(execution.runnable_));
  auto* limiter = std::exchange(execution.limiter_, nullptr);
  auto initiate = [this, call, limiter, &execution, &waiter](auto handler) {
    // The pool delivers on its own thread; the waiting coroutine goes on on this loop.
    auto done = [context = &context_,
                 handler = std::move(handler)](ExecutionResult result) mutable {
      asio::post(*context, [handler = std::move(handler), result = std::move(result)]() mutable {
        handler(std::move(result));
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
    if (limiter == nullptr) {
      if (!call->start_or_wait(execution.module_id_, execution.concurrency_limits_,
                               done_function)) {
        done_function(refused());
        return;
      }
    } else if (!execution.has_run_) {
      call->start(*limiter, std::move(done_function));
    } else {
      call->go_on(*limiter, execution.progress_, execution.slice_use_, std::move(done_function));
    }
    if (waiter.on_wait) {
      waiter.on_wait([weak] {
        if (const auto held = weak.lock()) held->cancel();
      });
    }
  };
  auto result =
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(ExecutionResult)>(
          initiate, use_task);
  co_return result;
}

}  // namespace wasm_server
