#pragma once

// The coroutine type of everything that runs on a worker's event loop. The executor is the concrete
// one, not the type-erased default, because its copies and posts are on the path of every request.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace wasm_server {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;

template <class T>
using Task = asio::awaitable<T, Executor>;

inline constexpr asio::use_awaitable_t<Executor> use_task{};

}  // namespace wasm_server
