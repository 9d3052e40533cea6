#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/memory_budget.h"
#include "base/result.h"
#include "base/task.h"
#include "http/router.h"

namespace wasm_server {

// What a client must keep up with, in bytes a second, while its body (of more than 64 KB) or its
// answer is held. It may fall behind by as much as passes in the timeout, so that a link may stall;
// but whoever sends or takes a byte now and then does not keep memory.
inline constexpr std::int64_t kLowestRate = 16 << 10;

// Bodies of requests that take none are read and ignored up to this size, and so are those of
// refused requests. One that is wanted may come as slowly as it likes up to this size.
inline constexpr std::uint64_t kSmallBody = 64U << 10;

struct HttpLimits {
  std::size_t header_bytes = 16U << 10;            // request line and headers
  std::uint64_t body_bytes = 128U << 20;           // one body
  std::uint64_t body_memory_bytes = 1U << 30;      // all bodies being held; beyond it 503
  std::size_t connections = 16384;                 // beyond it a connection gets 503 and is closed
  std::chrono::milliseconds idle_timeout{60'000};  // between requests
  std::chrono::milliseconds header_timeout{
      10'000};  // from a request's first byte to its header's last
  std::chrono::milliseconds read_timeout{30'000};   // how far a body may be behind kLowestRate
  std::chrono::milliseconds write_timeout{30'000};  // and how far the client with an answer
};

class TlsContext;

// One event loop that sessions may be put on, with the router that serves them there.
struct EventLoop {
  asio::io_context* context;
  const Router* router;
};

// Accepts connections and deals them out evenly over the event loops; each becomes a session
// (http/session.h), which stays on its loop. Owned by the main thread; the calls below are safe
// from any thread.
class Server {
 public:
  // `tls`: that every connection is made with; null: none. `memory`, which bodies are counted in,
  // outlives the event loops.
  Server(const std::vector<EventLoop>& loops, HttpLimits limits,
         std::shared_ptr<const TlsContext> tls = nullptr, MemoryBudget* memory = nullptr);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens ("HOST:PORT", "[::1]:0"; port 0 takes a free one), without accepting yet. An
  // error's message says what is wrong in one line (port in use, no such address, ...).
  Result<void> bind(std::string_view listen);
  std::string address() const;  // "HOST:PORT" as bound

  // The same on a local socket besides, for the operator's own programs: without TLS, and with
  // Request::is_operator.
  Result<void> bind_operator_socket(const std::filesystem::path& path);

  // Accepts from now on; the event loops must be run by their owners.
  void start();

  // Closes the listener and idle connections; busy ones are closed after their answer, which says
  // so.
  void stop_accepting();
  // Waits until every session has ended, or until `grace` is over and the rest is cut. Not from a
  // loop's thread.
  void drain(std::chrono::milliseconds grace);

  std::size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // its accept loop may outlive the server
};

}  // namespace wasm_server
