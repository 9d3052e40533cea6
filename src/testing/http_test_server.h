#pragma once

// For the tests of http: a real server on port 0 and handlers that show what a session gives them.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/server.h"
#include "testing/test_client.h"

namespace wasm_server {

// Routes, apart from the ones named below:
//   GET /healthz            a constant
//   GET /request            what the handler sees of the request, as lines
//   POST /echo, PUT /echo   the request's body
//   POST /stream/echo       the same, while it arrives; &known announces its size
//   POST /stream/count      how much came and how large the largest piece was, of a body that is
//   streamed; &pause_ms=N rests after each piece, &stop_at=N reads no more after that
//   POST /stream/interrupt  how much came, read with an interruption every few milliseconds
//   POST /stream/arrived    how much of it is there before anything is waited for
//   POST /stream/ignore     does not read it
//   GET /empty?status=N     that status and no body
//   GET /shared?size=N      a shared body
//   GET /stream?size=N      a source; &known announces its size, &fail_at=N fails there, &lie=N
//   announces N, &header_first sends the header before the first piece
//   GET /throw              throws
//   GET /wasm/{id}          the id
//   GET /hook              runs what on_hook() was given, and says nothing
class TestServer {
 public:
  explicit TestServer(HttpLimits limits = {}, std::size_t loops = 2);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  Server& server() { return *server_; }
  TestClient connect() const { return TestClient(server_->address()); }

  // GET /held answers when this is called, and counts the clients that left meanwhile.
  void release() { released_ = true; }
  std::size_t waiting() const { return waiting_; }
  std::size_t gone() const { return gone_; }
  // What GET /hook runs, on the event loop's thread. Set before the first such request.
  void on_hook(std::function<void(const Request&)> hook) { hook_ = std::move(hook); }
  // Replies of /afterwards whose `afterwards` has run.
  std::size_t afterwards() const { return afterwards_; }
  // How many of the sources of GET /stream still live.
  std::size_t open_sources() const { return *open_sources_; }

 private:
  struct Loop {
    asio::io_context context{1};
    Router router;
  };

  void add_routes(Router& router);
  Task<Reply> hold(Request& request);
  Task<Reply> open_stream(Request& request);

  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Server> server_;
  std::vector<std::jthread> threads_;

  std::function<void(const Request&)> hook_;
  std::atomic<bool> released_{false};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::size_t> gone_{0};
  std::atomic<std::size_t> afterwards_{0};
  std::shared_ptr<std::atomic<std::size_t>> open_sources_ =
      std::make_shared<std::atomic<std::size_t>>(0);
};

// `size` bytes of the body of GET /shared and GET /stream, from `offset` on.
std::string pattern(std::size_t size, std::size_t offset = 0);

}  // namespace wasm_server
