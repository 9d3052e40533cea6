#pragma once

// Threads for work that would hold up an event loop for longer than a request may wait: parsing and
// validating large bodies. Low priority and bounded: what does not fit is refused at once.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "base/result.h"
#include "base/task.h"

namespace wasm_server {

// Safe from any thread.
class HelperPool {
 public:
  HelperPool(unsigned threads, std::size_t max_queue);
  ~HelperPool();
  HelperPool(const HelperPool&) = delete;
  HelperPool& operator=(const HelperPool&) = delete;

  // Does `work` on a thread of the pool and resumes on the caller's event loop with what it
  // returned, or kInternal if it threw. `work` must own all that it uses. kOverloaded at once, with
  // nothing done, when the queue is full or the pool has stopped.
  template <class T>
  Task<Result<T>> run(std::move_only_function<Result<T>()> work);

  // Drops what waits with its callers, then finishes what runs. To be called when the callers'
  // event loops have ended but are not destroyed yet.
  void stop();

 private:
  using Item = std::move_only_function<void()>;

  template <class T>
  static Result<T> do_work(std::move_only_function<Result<T>()>& work);
  bool reserve();
  void push(Item item);
  void work_off();

  const std::size_t max_queue_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Item> queue_;    // guarded by mutex_
  std::size_t reserved_ = 0;  // guarded by mutex_: queued items, and those about to be
  bool stopped_ = false;      // guarded by mutex_
  std::vector<std::thread> threads_;
};

// The edge for exceptions of these threads (ARCHITECTURE.md, "Errors").
template <class T>
Result<T> HelperPool::do_work(std::move_only_function<Result<T>()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInternal, "an internal error", error.what());
  }
}

template <class T>
Task<Result<T>> HelperPool::run(std::move_only_function<Result<T>()> work) {
  if (!reserve())
    co_return fail(ErrorCode::kOverloaded,
                   "too many large requests and answers are being worked on");
  auto initiate = [this](auto handler, std::move_only_function<Result<T>()> item) {
    auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
    push([handler = std::move(handler), guard = std::move(guard),
          item = std::move(item)]() mutable {
      Result<T> result = do_work(item);
      const auto executor = guard.get_executor();
      asio::post(executor, [handler = std::move(handler), result = std::move(result)]() mutable {
        std::move(handler)(std::move(result));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void(Result<T>)>(
      std::move(initiate), use_task, std::move(work));
}

}  // namespace wasm_server
