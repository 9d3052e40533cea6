#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "http/body_shares.h"
#include "http/server.h"

namespace wasm_server {

class TlsContext;

// What all sessions share. Safe from any thread.
class ServerState {
 public:
  // `memory`, if there is one, outlives it.
  explicit ServerState(const HttpLimits& http_limits,
                       std::shared_ptr<const TlsContext> tls_context = nullptr,
                       MemoryBudget* memory = nullptr)
      : limits(http_limits),
        tls(std::move(tls_context)),
        bodies(http_limits.body_memory_bytes, memory) {}

  const HttpLimits limits;
  const std::shared_ptr<const TlsContext> tls;  // null: none
  BodyShares bodies;
  std::atomic<bool> stopping{false};  // answers say that they are the last

  std::size_t connections() const { return connections_.load(std::memory_order_relaxed); }

  // Whether there is no connection any more, waiting for that up to `time`.
  bool wait_until_idle(std::chrono::milliseconds time);

 private:
  friend class ConnectionToken;

  void leave();

  std::atomic<std::size_t> connections_{0};
  std::mutex mutex_;
  std::condition_variable idle_;
};

// Counts one connection, in all and on its event loop, for as long as it lives.
class ConnectionToken {
 public:
  ConnectionToken(std::shared_ptr<ServerState> server,
                  std::shared_ptr<std::atomic<std::size_t>> loop);
  ~ConnectionToken();
  ConnectionToken(ConnectionToken&&) = default;
  ConnectionToken& operator=(ConnectionToken&&) = delete;

 private:
  std::shared_ptr<ServerState> server_;
  std::shared_ptr<std::atomic<std::size_t>> loop_;
};

}  // namespace wasm_server
