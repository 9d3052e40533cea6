#include "http/server.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/log.h"
#include "http/lane_state.h"
#include "http/listen.h"
#include "http/server_state.h"
#include "http/session.h"

namespace wasm_server {
namespace {

// Beyond the cap this many more clients are told so; further ones are closed without a word.
constexpr std::size_t kRefusedAtOnce = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};
// For sessions that were cut to notice it.
constexpr std::chrono::milliseconds kCutTime{1000};

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// A session ends what goes wrong in it; what still comes here is a bug, and ends that session only.
void on_session_end(const std::exception_ptr& error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    log_error(std::string("a session failed: ") + exception.what());
  }
}

}  // namespace

// Shared by the server and its accept loop; the loop runs on the first lane.
struct Server::Impl {
  struct ServedLane {
    std::shared_ptr<LaneState> state;
    std::shared_ptr<std::atomic<std::size_t>> connections =
        std::make_shared<std::atomic<std::size_t>>(0);
  };

  Impl(const std::vector<Lane>& given, const HttpLimits& limits)
      : state(std::make_shared<ServerState>(limits)),
        acceptor(given.front().context->get_executor()) {
    for (const Lane& lane : given) {
      lanes.push_back({std::make_shared<LaneState>(*lane.context, *lane.router, state)});
    }
  }

  static Task<void> accept_loop(std::shared_ptr<Impl> self);
  bool accept_pending();
  void start_session(ServedLane& lane, Descriptor socket);
  ServedLane& least_used_lane();
  void stop_accepting();
  void cut_all();

  const std::shared_ptr<ServerState> state;
  std::vector<ServedLane> lanes;
  Acceptor acceptor;
  std::string address;
  std::size_t turn = 0;  // where the search for the least used lane starts
};

Task<void> Server::Impl::accept_loop(std::shared_ptr<Impl> self) {
  Timer pause(self->acceptor.get_executor());
  while (!self->state->stopping) {
    const auto [error] =
        co_await self->acceptor.async_wait(Acceptor::wait_read, asio::as_tuple(use_task));
    if (error) break;
    if (self->accept_pending()) continue;
    log_error("cannot accept a connection: " + std::generic_category().message(errno));
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(asio::as_tuple(use_task));
  }
}

// Takes what waits to be accepted. False, with `errno`, when one could not be.
bool Server::Impl::accept_pending() {
  while (!state->stopping) {
    Descriptor socket(
        accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() >= 0) {
      start_session(least_used_lane(), std::move(socket));
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return errno == EAGAIN;
    }
  }
  return true;
}

void Server::Impl::start_session(ServedLane& lane, Descriptor socket) {
  const std::size_t others = state->connections();
  if (others >= state->limits.connections + kRefusedAtOnce) return;
  const bool refused = others >= state->limits.connections;
  const auto serve = refused ? &Session::refuse : &Session::serve;
  ConnectionToken token(state, lane.connections);
  asio::co_spawn(lane.state->context(), serve(lane.state, std::move(token), std::move(socket)),
                 on_session_end);
}

// With equal numbers, one after the other.
Server::Impl::ServedLane& Server::Impl::least_used_lane() {
  turn = (turn + 1) % lanes.size();
  std::size_t best = turn;
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    const std::size_t other = (turn + i) % lanes.size();
    if (lanes[other].connections->load() < lanes[best].connections->load()) best = other;
  }
  return lanes[best];
}

void Server::Impl::stop_accepting() {
  boost::system::error_code ignored;
  acceptor.close(ignored);
}

void Server::Impl::cut_all() {
  for (ServedLane& lane : lanes)
    asio::post(lane.state->context(), [state = lane.state] { state->cut_all(); });
}

Server::Server(const std::vector<Lane>& lanes, HttpLimits limits)
    : impl_(std::make_shared<Impl>(lanes, limits)) {}

Server::~Server() { stop_accepting(); }

Result<void> Server::bind(std::string_view text) {
  const auto address = parse_listen_address(text);
  if (!address) return std::unexpected{address.error()};
  const auto listening = listen(impl_->acceptor, *address);
  if (listening) impl_->address = bound_address(impl_->acceptor);
  return listening;
}

std::string Server::address() const { return impl_->address; }

void Server::start() {
  asio::co_spawn(impl_->acceptor.get_executor(), Impl::accept_loop(impl_), on_session_end);
}

void Server::stop_accepting() {
  if (impl_->state->stopping.exchange(true)) return;
  asio::post(impl_->acceptor.get_executor(), [impl = impl_] { impl->stop_accepting(); });
  for (Impl::ServedLane& lane : impl_->lanes) {
    asio::post(lane.state->context(), [state = lane.state] { state->stop_all(); });
  }
}

void Server::drain(std::chrono::milliseconds grace) {
  stop_accepting();
  if (impl_->state->wait_until_idle(grace)) return;
  impl_->cut_all();
  impl_->state->wait_until_idle(kCutTime);
}

std::size_t Server::connections() const { return impl_->state->connections(); }

}  // namespace wasm_server
