#include "handlers/execute_reply.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/append_number.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "engine/values.h"
#include "http/json_text.h"

namespace wasm_server {
namespace {

// As milliseconds with three decimals.
void append_millis(std::string& out, std::chrono::nanoseconds duration) {
  const auto micros =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count())) / 1000;
  append_number(out, micros / 1000);
  const auto rest = micros % 1000;
  const std::array<char, 4> decimals = {'.', static_cast<char>('0' + rest / 100),
                                        static_cast<char>('0' + rest / 10 % 10),
                                        static_cast<char>('0' + rest % 10)};
  out.append(decimals.data(), decimals.size());
}

void append_stream(std::string& out, std::string_view name, std::string_view bytes) {
  if (is_utf8(bytes)) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, bytes);
  } else {
    out.append(",\"").append(name).append("_base64\":\"").append(encode_base64(bytes)).append("\"");
  }
}

Bytes exit_json(const Outcome& outcome, std::int32_t code) {
  Bytes body = "{\"exit_code\":" + std::to_string(code);
  append_stream(body, "stdout", outcome.stdout_bytes);
  append_stream(body, "stderr", outcome.stderr_bytes);
  return body += '}';
}

Bytes results_json(const Returned& returned) {
  Bytes body = "{\"results\":";
  append_json(body, returned.results);
  return body += '}';
}

// Of a function's name in a backtrace; the guest chose it.
constexpr std::size_t kMostNameBytes = 256;

std::string trap_members(const Trapped& trapped) {
  std::string members = ",\"trap\":";
  append_json_string(members, trapped.kind);
  members += ",\"backtrace\":[";
  for (const auto& frame : trapped.backtrace) {
    if (members.back() != '[') members += ',';
    members += "{\"function\":";
    append_json_string(members, utf8_prefix(frame.function, kMostNameBytes));
    if (frame.offset) {
      members += ",\"offset\":";
      append_number(members, *frame.offset);
    }
    members += '}';
  }
  return members += ']';
}

}  // namespace

std::optional<std::int32_t> exit_code_of(const Outcome& outcome) {
  if (const auto* exited = std::get_if<Exited>(&outcome.ending)) return exited->code;
  if (std::holds_alternative<Returned>(outcome.ending)) return 0;
  return std::nullopt;
}

Error failure_of(const Outcome& outcome) {
  if (const auto* refused = std::get_if<Refused>(&outcome.ending)) return refused->error;
  if (const auto* trapped = std::get_if<Trapped>(&outcome.ending)) {
    return {ErrorCode::kGuestTrap, "the guest trapped: " + trapped->message};
  }
  if (std::holds_alternative<TimedOut>(outcome.ending)) {
    return {ErrorCode::kDeadlineExceeded, "the guest was stopped at its deadline"};
  }
  return {ErrorCode::kOverloaded, "the execution was cancelled"};
}

Reply failure_reply(const Outcome& outcome, std::string_view request_id) {
  const auto* trapped = std::get_if<Trapped>(&outcome.ending);
  return problem(failure_of(outcome), request_id, trapped ? trap_members(*trapped) : std::string{});
}

void append_server_timing(std::string& lines, const Outcome& outcome) {
  lines += "Server-Timing: queue;dur=";
  append_millis(lines, outcome.queued);
  lines += ", instantiate;dur=";
  append_millis(lines, outcome.instantiate);
  lines += ", run;dur=";
  append_millis(lines, outcome.run);
  lines += "\r\n";
}

void add_execute_headers(Reply& reply, const Outcome& outcome, std::uint64_t revision) {
  constexpr std::size_t kUsualSize = 128;
  auto& out = reply.headers;
  out.reserve(out.size() + kUsualSize);
  append_server_timing(out, outcome);
  out += "Wasm-Revision: ";
  append_number(out, revision);
  out += "\r\n";
}

Reply execute_reply(const Outcome& outcome, const ExecuteContext& context) {
  Reply reply;
  const auto* returned = std::get_if<Returned>(&outcome.ending);
  if (returned != nullptr && !context.is_command) {
    reply = json_reply(200, results_json(*returned));
  } else if (const auto code = exit_code_of(outcome)) {
    reply = json_reply(200, exit_json(outcome, *code));
  } else {
    reply = failure_reply(outcome, context.request_id);
  }
  add_execute_headers(reply, outcome, context.revision);
  return reply;
}

}  // namespace wasm_server
