#include "services/await_compiled.h"

#include <functional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace wasm_server {

namespace {

using Compiled = Result<std::shared_ptr<const CompiledModule>>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// The first of compiler and timer answers; the other finds `handler` gone. Used on the loop of
// `timer` only.
struct Waiter {
  Waiter(const Executor& executor, std::move_only_function<void(Compiled)> handler_in)
      : timer(executor), work(executor), handler(std::move(handler_in)) {}

  void answer(Compiled compiled) {
    if (auto taken = std::exchange(handler, nullptr)) taken(std::move(compiled));
    timer.cancel();
  }

  Timer timer;
  asio::executor_work_guard<Executor> work;
  std::move_only_function<void(Compiled)> handler;
};

void start(Compiler& compiler, const ModuleRepository& store, const CompileSubject& subject,
           std::shared_ptr<Waiter> waiter, std::chrono::milliseconds timeout) {
  waiter->timer.expires_after(timeout);
  waiter->timer.async_wait([waiter](const boost::system::error_code& error) {
    if (!error) {
      waiter->answer(fail(ErrorCode::kNotReady, "the module is still being compiled; try again"));
    }
  });
  compiler.compile(
      subject, [&store, digest = subject.digest] { return load_code(store, digest); },
      // Moved on to the loop, where its timer belongs; nothing of it stays with the compiler.
      [waiter](Compiled compiled) mutable {
        const auto executor = waiter->timer.get_executor();
        asio::post(executor, [held = std::move(waiter), compiled = std::move(compiled)]() mutable {
          held->answer(std::move(compiled));
        });
      });
}

}  // namespace

Result<SharedBytes> load_code(const ModuleRepository& store, const Digest& digest) {
  auto bytes = store.read_code(digest);
  if (!bytes) return std::unexpected{bytes.error()};
  if (!*bytes) return fail(ErrorCode::kNotFound, "the module was deleted");
  return std::make_shared<const Bytes>(std::move(**bytes));
}

Task<Compiled> await_compiled(Compiler& compiler, const ModuleRepository& store,
                              CompileSubject subject, std::chrono::milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  auto initiate = [&compiler, &store, subject, timeout, executor](auto handler) {
    auto waiter = std::make_shared<Waiter>(executor, std::move(handler));
    start(compiler, store, subject, std::move(waiter), timeout);
  };
  auto compiled =
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Compiled)>(
          initiate, use_task);
  co_return compiled;
}

}  // namespace wasm_server
