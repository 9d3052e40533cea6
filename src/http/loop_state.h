#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/intrusive/list.hpp>

#include "base/task.h"
#include "http/request_id.h"
#include "http/server_state.h"
#include "http/transport/connection.h"

namespace wasm_server {

class Router;

// What is told to a session from outside. The sessions of an event loop are linked through it.
class LoopMember : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual void on_sweep(Moment now) = 0;
  virtual void on_stop() = 0;  // finish what runs, then end
  virtual void on_cut() = 0;   // end now

 protected:
  ~LoopMember() = default;
};

// What the sessions of one event loop share. Instead of a timer for every wait there is one sweep
// for all of them, four times a second, which also keeps the clock and the Date header; it runs
// while there are sessions. So deadlines come up to half a second late. Used on its event loop's
// thread; kept alive by its sessions and its sweep.
class LoopState : public std::enable_shared_from_this<LoopState> {
 public:
  static constexpr std::chrono::milliseconds kSweep{250};

  LoopState(asio::io_context& context, const Router& router, std::shared_ptr<ServerState> server);

  void add(LoopMember& session);
  // Whether there is more than one session.
  bool has_others() const { return members_.begin() != --members_.end(); }
  void stop_all();
  void cut_all();

  const Router& router() const { return router_; }
  ServerState& server() { return *server_; }
  asio::io_context& context() { return context_; }

  // The time as of the last sweep.
  Moment now() const { return now_; }
  // A deadline that lets at least `timeout` pass.
  Moment deadline(std::chrono::milliseconds timeout) const { return now_ + timeout + kSweep; }
  // A transfer's deadline after `n` more bytes: what the lowest rate (kLowestRate) allows for them
  // is added, but more than `timeout` is never left.
  Moment put_off(Moment deadline, std::uint64_t n, std::chrono::milliseconds timeout) const;
  // "Date: ...\r\n", at most a second old.
  std::string_view date_line() const { return date_line_; }
  RequestIds& request_ids() { return request_ids_; }

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  using Members = boost::intrusive::list<LoopMember, boost::intrusive::constant_time_size<false>>;

  void refresh_clock();
  void schedule_sweep();
  void sweep();

  asio::io_context& context_;
  const Router& router_;
  const std::shared_ptr<ServerState> server_;
  Timer timer_;
  RequestIds request_ids_;
  Members members_;
  bool sweeping_ = false;
  Moment now_;
  std::string date_line_;
};

}  // namespace wasm_server
