#include "http/reply.h"

#include <string>

#include "base/json_text.h"
#include "base/log.h"
#include "base/utf8.h"

namespace wasm_server {
namespace {

// A reason may quote what a client sent, all of it: the engine's do.
constexpr std::size_t kMaxDetail = 2000;

std::string shortened(std::string_view text) {
  if (text.size() <= kMaxDetail) return std::string(text);
  return std::string(utf8_prefix(text, kMaxDetail)) + "...";
}

void log_failure(const Error& error, std::string_view request_id) {
  const ErrorInfo& info = error_info(error.code);
  const bool ours = error.code == ErrorCode::kInternal;
  if (error.log.empty() && !ours) return;
  const std::string text = shortened(error.log.empty() ? error.message : error.log);
  std::string line = "request ";
  line.append(request_id).append(": ").append(info.name).append(": ").append(text);
  if (ours) {
    log_error(line);
  } else {
    log_warning(line);
  }
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

Bytes problem_document(const Error& error, std::string_view request_id, std::string_view extra) {
  const ErrorInfo& info = error_info(error.code);
  Bytes out = R"({"type":"about:blank")";
  append_member(out, "title", info.title);
  out += ",\"status\":" + std::to_string(info.status);
  append_member(out, "detail", shortened(error.message));
  append_member(out, "code", info.name);
  append_member(out, "request_id", request_id);
  out += extra;
  out += '}';
  return out;
}

}  // namespace

Reply problem(const Error& error, std::string_view request_id) {
  return problem(error, request_id, {});
}

Reply problem(const Error& error, std::string_view request_id, std::string_view extra) {
  log_failure(error, request_id);
  Reply reply;
  reply.status = error_info(error.code).status;
  reply.content_type = "application/problem+json";
  reply.body = problem_document(error, request_id, extra);
  if (error.code == ErrorCode::kOverloaded || error.code == ErrorCode::kNotReady)
    reply.add_header("Retry-After", "1");
  return reply;
}

Reply json_reply(unsigned status, Bytes body) {
  Reply reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = std::move(body);
  return reply;
}

}  // namespace wasm_server
