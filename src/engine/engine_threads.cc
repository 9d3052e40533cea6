#include "engine/engine_threads.h"

#include <atomic>
#include <exception>

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

}  // namespace

EngineThreads::EngineThreads(const char* name, unsigned threads, void (*begin)())
    : threads_(engine_sys_threads_new(name, threads, begin)) {}

void EngineThreads::run(const std::function<void()>& work) const {
  if (threads_ == nullptr) return work();
  Call call{work, nullptr};
  call.give();
  engine_sys_threads_run(threads_.get(), Call::run, &call);
  call.take();
  if (call.thrown) std::rethrow_exception(call.thrown);
}

void EngineThreads::on_each(void (*work)()) const {
  if (threads_ != nullptr) engine_sys_threads_on_each(threads_.get(), work);
}

}  // namespace wasm_server
