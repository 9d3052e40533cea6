#pragma once

// How an execution ended, as the answer to the client.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/call.h"
#include "http/reply.h"

namespace wasm_server {

// What the reply needs to know besides the outcome.
struct ExecuteContext {
  std::string_view request_id;
  std::uint64_t revision = 0;
  bool is_command = false;
};

// The JSON form: {"results"} of a function, {"exit_code","stdout","stderr"} of whatever exits; a
// problem document for the rest.
Reply execute_reply(const Outcome& outcome, const ExecuteContext& context);

// The exit code of a command that ended by itself (0 when it returned), else empty.
std::optional<std::int32_t> exit_code_of(const Outcome& outcome);

// A header or trailer field: the outcome's times, in milliseconds.
void append_server_timing(std::string& lines, const Outcome& outcome);

// Server-Timing and Wasm-Revision.
void add_execute_headers(Reply& reply, const Outcome& outcome, std::uint64_t revision);

// Why a call that neither returned nor exited gave no answer.
Reply failure_reply(const Outcome& outcome, std::string_view request_id);
Error failure_of(const Outcome& outcome);

}  // namespace wasm_server
