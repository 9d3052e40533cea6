#pragma once

// How an execution ended, as the answer to the client.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/reply.h"
#include "model/outcome.h"

namespace wasm_server {

// What the reply needs to know besides the outcome.
struct ExecuteContext {
  std::string_view request_id;
  std::uint64_t revision = 0;
};

// Whether writing the reply would hold up an event loop: at some 500 MB a second this takes a
// quarter of a millisecond.
inline constexpr std::size_t kInlineOutput = 128U << 10;
bool is_long_reply(const ExecutionResult& result);
// How much memory the reply's body takes when it is long.
std::uint64_t reply_bytes(const ExecutionResult& result);

// The JSON form: {"results"} of a function, and "stdout" and "stderr" when it wrote any,
// {"exit_code","stdout","stderr"} of whatever exits; a problem document for the rest.
Reply execute_reply(const ExecutionResult& result, const ExecuteContext& context);

// The exit code of a guest that ended by itself, else empty.
std::optional<std::uint32_t> exit_code_of(const ExecutionResult& result);

// A header or trailer field: the outcome's times, in milliseconds.
void add_server_timing(HeaderFields& fields, const ExecutionResult& result);

// Server-Timing and Wasm-Revision.
void add_execute_headers(Reply& reply, const ExecutionResult& result, std::uint64_t revision);

// With what a guest wrote: no browser may take it for this server's own page.
void add_guest_headers(Reply& reply);

// Why a call that neither returned nor exited gave no answer, and what it wrote before: the last
// kShownOutput bytes of its output and error.
inline constexpr std::size_t kShownOutput = 64U << 10;
Reply failure_reply(const ExecutionResult& result, std::string_view request_id);
Error failure_of(const ExecutionResult& result);

}  // namespace wasm_server
