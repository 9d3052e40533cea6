#include "services/preloader.h"

#include "base/log.h"
#include "base/thread_priority.h"
#include "compile/may_be_stored.h"

namespace wasm_server {

void Preloader::start() {
  thread_ = std::thread([this] { run(); });
}

void Preloader::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Preloader::remember() const { artefacts_.mark_used(modules_.last_used(bounds_.codes)); }

void Preloader::run() {
  lower_own_priority();
  const auto found = artefacts_.last_used(bounds_.codes, [this] { return !stopping_; });
  auto left = bounds_.bytes;
  for (const auto& used : found) {
    if (used.bytes > left) continue;
    left -= used.bytes;
    if (stopping_ || !preload(used.digest)) return;
  }
}

// False when the cache has no more room.
bool Preloader::preload(const Digest& digest) {
  bool room = true;
  compiler_.preload(digest, [&](const std::shared_ptr<const CompiledModule>& code) {
    room = modules_.add_preloaded(digest, code);
  });
  // Asked afterwards, because it may have been deleted meanwhile.
  if (!may_be_stored(store_, digest)) modules_.drop_preloaded(digest);
  return room;
}

}  // namespace wasm_server
