#include "http/server_state.h"

#include <utility>

namespace wasm_server {

bool ServerState::wait_until_idle(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, time, [this] { return connections() == 0; });
}

void ServerState::leave() {
  if (connections_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const std::lock_guard lock(mutex_);  // so that a waiter is either before its check or in its wait
  idle_.notify_all();
}

ConnectionToken::ConnectionToken(std::shared_ptr<ServerState> server,
                                 std::shared_ptr<std::atomic<std::size_t>> loop)
    : server_(std::move(server)), loop_(std::move(loop)) {
  server_->connections_.fetch_add(1, std::memory_order_relaxed);
  loop_->fetch_add(1, std::memory_order_relaxed);
}

ConnectionToken::~ConnectionToken() {
  if (!server_) return;
  loop_->fetch_sub(1, std::memory_order_relaxed);
  server_->leave();
}

}  // namespace wasm_server
