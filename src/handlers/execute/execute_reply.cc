#include "handlers/execute/execute_reply.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/json_bytes.h"
#include "base/json_text.h"
#include "base/text.h"
#include "base/utf8.h"
#include "engine/values/values.h"

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

bool has_output_in_full(const ExecutionResult& result) {
  return std::holds_alternative<Returned>(result.outcome) ||
         std::holds_alternative<Exited>(result.outcome);
}

// What a byte of a component's results may be in JSON: "255,", or an escaped character.
constexpr std::size_t kJsonOfByte = 6;

std::size_t results_of(const ExecutionResult& result) {
  const auto* returned = std::get_if<Returned>(&result.outcome);
  return returned == nullptr ? 0 : returned->bytes;
}

Bytes exit_json(const ExecutionResult& result, std::uint32_t code) {
  Bytes body = "{\"exit_code\":" + std::to_string(code);
  append_bytes_member(body, "stdout", result.stdout_bytes);
  append_bytes_member(body, "stderr", result.stderr_bytes);
  return body += '}';
}

// Without its last brace.
Bytes results_json(const Returned& returned) {
  Bytes body = "{\"results\":";
  append_json(body, returned.results, returned.function->result);
  return body;
}

// Whether the guest was running when it failed, and so may have written something.
bool failed_running(const ExecutionResult& result) {
  const auto* refused = std::get_if<Refused>(&result.outcome);
  return std::holds_alternative<Trapped>(result.outcome) ||
         std::holds_alternative<TimedOut>(result.outcome) ||
         (refused != nullptr && refused->error.code == ErrorCode::kOutputLimit);
}

// Of a function's name in a backtrace; the guest chose it.
constexpr std::size_t kMaxNameBytes = 256;

std::string trap_members(const Trapped& trapped) {
  std::string members = ",\"trap\":";
  append_json_string(members, trapped.kind);
  members += ",\"backtrace\":[";
  for (const auto& frame : trapped.backtrace) {
    if (members.back() != '[') members += ',';
    members += "{\"function\":";
    append_json_string(members, utf8_prefix(frame.function, kMaxNameBytes));
    if (frame.offset) {
      members += ",\"offset\":";
      append_number(members, *frame.offset);
    }
    members += '}';
  }
  return members += ']';
}

}  // namespace

std::optional<std::uint32_t> exit_code_of(const ExecutionResult& result) {
  const auto* exited = std::get_if<Exited>(&result.outcome);
  if (exited == nullptr) return std::nullopt;
  return static_cast<std::uint32_t>(exited->code);
}

bool is_long_reply(const ExecutionResult& result) {
  return has_output_in_full(result) && result.stdout_bytes.size() + result.stderr_bytes.size() +
                                               kJsonOfByte * results_of(result) >
                                           kInlineOutput;
}

std::uint64_t reply_bytes(const ExecutionResult& result) {
  return bytes_member_size(result.stdout_bytes) + bytes_member_size(result.stderr_bytes) +
         kJsonOfByte * results_of(result);
}

Error failure_of(const ExecutionResult& result) {
  if (const auto* refused = std::get_if<Refused>(&result.outcome)) return refused->error;
  if (const auto* trapped = std::get_if<Trapped>(&result.outcome)) {
    return {ErrorCode::kGuestTrap, "the guest trapped: " + trapped->message};
  }
  if (std::holds_alternative<TimedOut>(result.outcome)) {
    return {ErrorCode::kDeadlineExceeded, "the guest was stopped at its deadline"};
  }
  return {ErrorCode::kOverloaded, "the execution was cancelled"};
}

Reply failure_reply(const ExecutionResult& result, std::string_view request_id) {
  const auto* trapped = std::get_if<Trapped>(&result.outcome);
  std::string members = trapped != nullptr ? trap_members(*trapped) : std::string{};
  const bool was_running = failed_running(result);
  if (was_running) {
    append_bytes_member(members, "stdout", utf8_suffix(result.stdout_bytes, kShownOutput));
    append_bytes_member(members, "stderr", utf8_suffix(result.stderr_bytes, kShownOutput));
  }
  Reply reply = problem(failure_of(result), request_id, members);
  if (was_running) add_guest_headers(reply);
  return reply;
}

void add_guest_headers(Reply& reply) {
  reply.add_header("X-Content-Type-Options", "nosniff");
  reply.add_header("Content-Security-Policy", "sandbox");
}

void add_server_timing(HeaderFields& fields, const ExecutionResult& result) {
  fields.add_with("Server-Timing", [&result](std::string& value) {
    value += "queue;dur=";
    append_millis(value, result.queued);
    value += ", instantiate;dur=";
    append_millis(value, result.instantiate);
    value += ", run;dur=";
    append_millis(value, result.run);
  });
}

void add_execute_headers(Reply& reply, const ExecutionResult& result, std::uint64_t revision) {
  add_server_timing(reply.headers, result);
  reply.headers.add("Wasm-Revision", revision);
}

Reply execute_reply(const ExecutionResult& result, const ExecuteContext& context) {
  Reply reply;
  const auto* returned = std::get_if<Returned>(&result.outcome);
  if (returned != nullptr) {
    Bytes body = results_json(*returned);
    const bool wrote = !result.stdout_bytes.empty() || !result.stderr_bytes.empty();
    if (wrote) {
      append_bytes_member(body, "stdout", result.stdout_bytes);
      append_bytes_member(body, "stderr", result.stderr_bytes);
    }
    reply = json_reply(200, std::move(body += '}'));
    if (wrote) add_guest_headers(reply);
  } else if (const auto code = exit_code_of(result)) {
    reply = json_reply(200, exit_json(result, *code));
    add_guest_headers(reply);
  } else {
    reply = failure_reply(result, context.request_id);
  }
  add_execute_headers(reply, result, context.revision);
  return reply;
}

}  // namespace wasm_server
