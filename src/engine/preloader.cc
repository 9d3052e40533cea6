#include "engine/preloader.h"

#include "base/log.h"
#include "base/thread_priority.h"

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
    room = modules_.add_spare(digest, code);
  });
  // Asked afterwards, because it may have been deleted meanwhile.
  if (!is_stored(digest)) modules_.drop_spare(digest);
  return room;
}

// When the store cannot tell, the code stays.
bool Preloader::is_stored(const Digest& digest) const {
  const auto has = store_.has_blob(digest);
  return !has || *has;
}

}  // namespace wasm_server
