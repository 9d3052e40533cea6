#include "engine/spare_threads.h"

#include "base/thread_priority.h"
#include "engine/spare_pace.h"

namespace wasm_server {

namespace {

void begin_thread() {
  use_only_spare_time();
  SparePace::keep();
}

struct Counted {
  explicit Counted(std::atomic<unsigned>& counter_in) : counter(counter_in) {
    counter.fetch_add(1, std::memory_order_relaxed);
  }
  ~Counted() { counter.fetch_sub(1, std::memory_order_relaxed); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  std::atomic<unsigned>& counter;
};

}  // namespace

SpareThreads::SpareThreads(unsigned threads) : threads_("spare", threads, begin_thread) {}

void SpareThreads::run(const std::function<void()>& work) const {
  const SparePace::Work paced;
  const Counted running(running_);
  threads_.run(work);
}

}  // namespace wasm_server
