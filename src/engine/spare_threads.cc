#include "engine/spare_threads.h"

#include <atomic>
#include <exception>

#include "base/thread_priority.h"
#include "engine/spare_pace.h"

namespace wasm_server {

namespace {

struct Call {
  const std::function<void()>& work;
  std::exception_ptr thrown;
  // Given to the other thread and back. Rust does that, which ThreadSanitizer cannot see.
  std::atomic<bool> given{false};

  void give() { given.store(true, std::memory_order_release); }
  void take() const { given.load(std::memory_order_acquire); }

  static void run(void* data) {
    auto& call = *static_cast<Call*>(data);
    call.take();
    try {
      call.work();
    } catch (...) {  // must not unwind through Rust
      call.thrown = std::current_exception();
    }
    call.give();
  }
};

void begin_thread() {
  use_only_spare_time();
  SparePace::keep();
}

}  // namespace

SpareThreads::SpareThreads(unsigned threads)
    : threads_(engine_sys_threads_new(threads, begin_thread)) {}

void SpareThreads::run(const std::function<void()>& work) const {
  if (threads_ == nullptr) return work();
  Call call{work, nullptr};
  call.give();
  const SparePace::Work paced;
  running_.fetch_add(1, std::memory_order_relaxed);
  engine_sys_threads_run(threads_.get(), Call::run, &call);
  call.take();
  running_.fetch_sub(1, std::memory_order_relaxed);
  if (call.thrown) std::rethrow_exception(call.thrown);
}

void SpareThreads::on_each(void (*work)()) const {
  if (threads_ != nullptr) engine_sys_threads_on_each(threads_.get(), work);
}

}  // namespace wasm_server
