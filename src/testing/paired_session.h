#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/task.h"
#include "http/loop_state.h"
#include "http/router.h"
#include "http/server_state.h"

namespace wasm_server {

// One session at the other end of a socket pair, on the caller's thread, so that the caller says
// who moves when.
class PairedSession {
 public:
  PairedSession(const Router& router, const HttpLimits& limits);
  ~PairedSession();
  PairedSession(const PairedSession&) = delete;
  PairedSession& operator=(const PairedSession&) = delete;

  // The server's side gets this much of the kernel's memory for what the client has not read yet.
  void set_send_buffer(int bytes) const;

  // Lets the session go on, until it waits for the client.
  void run();
  void run_for(std::chrono::milliseconds time);
  // Ends it, whatever it waits for.
  void cut();
  // Whether it is still there.
  bool is_open() const { return server_->connections() > 0; }

  // What of `bytes` the kernel took; 0 when it is full or the session has closed.
  std::size_t send(std::string_view bytes) const;
  // What is there, at most `max` bytes; empty when nothing is there.
  std::string receive(std::size_t max) const;
  void shut_down_sending() const;

 private:
  asio::io_context context_{1};
  std::shared_ptr<ServerState> server_;
  std::shared_ptr<LoopState> loop_;
  std::unique_ptr<Descriptor> client_;
  int session_fd_ = -1;
};

}  // namespace wasm_server
