#include "http/server.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/log.h"
#include "http/loop_state.h"
#include "http/server_state.h"
#include "http/session.h"
#include "http/transport/listen.h"

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

// Shared by the server and its accept loop, which runs on the first event loop.
struct Server::Impl {
  struct ServedLoop {
    std::shared_ptr<LoopState> state;
    std::shared_ptr<std::atomic<std::size_t>> connections =
        std::make_shared<std::atomic<std::size_t>>(0);
  };

  Impl(const std::vector<EventLoop>& given, const HttpLimits& limits,
       std::shared_ptr<const TlsContext> tls, MemoryBudget* memory)
      : state(std::make_shared<ServerState>(limits, std::move(tls), memory)),
        acceptor(given.front().context->get_executor()),
        operator_acceptor(given.front().context->get_executor()) {
    for (const EventLoop& loop : given) {
      loops.push_back({std::make_shared<LoopState>(*loop.context, *loop.router, state)});
    }
  }

  static Task<void> accept_loop(std::shared_ptr<Impl> self, bool of_operator);
  bool accept_pending(bool of_operator);
  void start_session(ServedLoop& loop, Descriptor socket, bool of_operator);
  Acceptor& acceptor_of(bool of_operator) { return of_operator ? operator_acceptor : acceptor; }
  ServedLoop& least_used_loop();
  void stop_accepting();
  void cut_all();

  const std::shared_ptr<ServerState> state;
  std::vector<ServedLoop> loops;
  Acceptor acceptor;
  Acceptor operator_acceptor;  // may be closed
  std::string address;
  std::size_t turn = 0;  // where the search for the least used loop starts
};

Task<void> Server::Impl::accept_loop(std::shared_ptr<Impl> self, bool of_operator) {
  Acceptor& acceptor = self->acceptor_of(of_operator);
  Timer pause(acceptor.get_executor());
  while (!self->state->stopping) {
    const auto [error] =
        co_await acceptor.async_wait(Acceptor::wait_read, asio::as_tuple(use_task));
    if (error) break;
    if (self->accept_pending(of_operator)) continue;
    log_error("cannot accept a connection: " + std::generic_category().message(errno));
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(asio::as_tuple(use_task));
  }
}

// Takes what waits to be accepted. False, with `errno`, when one could not be.
bool Server::Impl::accept_pending(bool of_operator) {
  const int listening = acceptor_of(of_operator).native_handle();
  while (!state->stopping) {
    Descriptor socket(accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() >= 0) {
      start_session(least_used_loop(), std::move(socket), of_operator);
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return errno == EAGAIN;
    }
  }
  return true;
}

void Server::Impl::start_session(ServedLoop& loop, Descriptor socket, bool of_operator) {
  const std::size_t others = state->connections();
  if (others >= state->limits.connections + kRefusedAtOnce) return;
  const bool refused = others >= state->limits.connections;
  const auto serve = refused ? &Session::refuse : &Session::serve;
  ConnectionToken token(state, loop.connections);
  asio::co_spawn(loop.state->context(),
                 serve(loop.state, std::move(token), std::move(socket), of_operator),
                 on_session_end);
}

// With equal numbers, one after the other.
Server::Impl::ServedLoop& Server::Impl::least_used_loop() {
  turn = (turn + 1) % loops.size();
  std::size_t best = turn;
  for (std::size_t i = 1; i < loops.size(); ++i) {
    const std::size_t other = (turn + i) % loops.size();
    if (loops[other].connections->load() < loops[best].connections->load()) best = other;
  }
  return loops[best];
}

void Server::Impl::stop_accepting() {
  boost::system::error_code ignored;
  acceptor.close(ignored);
  operator_acceptor.close(ignored);
}

void Server::Impl::cut_all() {
  for (ServedLoop& loop : loops)
    asio::post(loop.state->context(), [state = loop.state] { state->cut_all(); });
}

Server::Server(const std::vector<EventLoop>& loops, HttpLimits limits,
               std::shared_ptr<const TlsContext> tls, MemoryBudget* memory)
    : impl_(std::make_shared<Impl>(loops, limits, std::move(tls), memory)) {}

Server::~Server() { stop_accepting(); }

Result<void> Server::bind(std::string_view text) {
  const auto address = parse_listen_address(text);
  if (!address) return std::unexpected{address.error()};
  const auto listening = listen(impl_->acceptor, *address);
  if (listening) impl_->address = bound_address(impl_->acceptor);
  return listening;
}

Result<void> Server::bind_operator_socket(const std::filesystem::path& path) {
  return listen_locally(impl_->operator_acceptor, path);
}

std::string Server::address() const { return impl_->address; }

void Server::start() {
  for (const bool of_operator : {false, true}) {
    if (!impl_->acceptor_of(of_operator).is_open()) continue;
    asio::co_spawn(impl_->acceptor.get_executor(), Impl::accept_loop(impl_, of_operator),
                   on_session_end);
  }
}

void Server::stop_accepting() {
  if (impl_->state->stopping.exchange(true)) return;
  asio::post(impl_->acceptor.get_executor(), [impl = impl_] { impl->stop_accepting(); });
  for (Impl::ServedLoop& loop : impl_->loops) {
    asio::post(loop.state->context(), [state = loop.state] { state->stop_all(); });
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
