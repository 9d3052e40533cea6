#include "services/helper_pool.h"

#include "base/core_use.h"
#include "base/thread_priority.h"

namespace wasm_server {
HelperPool::HelperPool(unsigned threads, std::size_t max_queue) : max_queue_(max_queue) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      lower_own_priority();
      work_off();
    });
  }
}

HelperPool::~HelperPool() { stop(); }

void HelperPool::stop() {
  std::deque<Item> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
  }
  ready_.notify_all();
  dropped.clear();  // without waiting for what runs
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool HelperPool::reserve() {
  const std::lock_guard lock(mutex_);
  if (stopped_ || reserved_ >= max_queue_) return false;
  ++reserved_;
  return true;
}

void HelperPool::push(Item item) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    queue_.push_back(std::move(item));
  }
  ready_.notify_one();
}

void HelperPool::work_off() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    --reserved_;
    lock.unlock();
    {
      const CoreUse computing;
      item();
      item = nullptr;
    }
    lock.lock();
  }
}

}  // namespace wasm_server
