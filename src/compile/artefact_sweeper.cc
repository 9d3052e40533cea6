#include "compile/artefact_sweeper.h"

#include <cstddef>

#include "base/thread_priority.h"
#include "compile/may_be_stored.h"

namespace wasm_server {

namespace {

constexpr std::size_t kMaxTold = 65'536;

}  // namespace

void ArtefactSweeper::start() {
  thread_ = std::thread([this] { run(); });
}

void ArtefactSweeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ArtefactSweeper::look_at(std::span<const Digest> digests) {
  if (digests.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& digest : digests) {
      if (told_.size() < kMaxTold) told_.push_back(digest);
    }
  }
  changed_.notify_one();
}

bool ArtefactSweeper::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void ArtefactSweeper::run() {
  lower_own_priority();
  artefacts_.remove_stale([this](const Digest& digest) { return may_be_stored(store_, digest); },
                          [this] { return !stopping(); });
  std::vector<Digest> digests;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !told_.empty(); });
    if (stopping_) return;
    digests.swap(told_);
    lock.unlock();
    for (const auto& digest : digests) {
      if (!may_be_stored(store_, digest)) artefacts_.remove(digest);
    }
    digests.clear();
    lock.lock();
  }
}

}  // namespace wasm_server
