#include "engine/error_text.h"

#include <string_view>

namespace wasm_server {

namespace {

// The engine's own words for what does not fit its pool; it has no code for them.
bool is_about_limits(std::string_view message) {
  return message.find("exceeds the limit") != std::string_view::npos ||
         message.find("exceeds the maximum") != std::string_view::npos;
}

}  // namespace

std::string root_cause(const std::string& message) {
  const auto end = message.find_last_not_of(" \n");
  const auto line = message.rfind('\n', end);
  if (line == std::string::npos) return message;
  const auto start = message.find_first_not_of(" 0123456789:", line + 1);
  return start == std::string::npos ? message : message.substr(start, end + 1 - start);
}

std::string with_cause(const std::string& message) {
  const auto first = message.substr(0, message.find('\n'));
  const auto cause = root_cause(message);
  return first == cause ? first : first + ": " + cause;
}

Error compile_error(const std::string& message) {
  if (is_about_limits(message)) return {ErrorCode::kMemoryLimit, root_cause(message)};
  return {ErrorCode::kInvalidModule, message};
}

std::string explain_refusal(std::string_view reason) {
  const bool is_about_threads = reason.contains("threads must be enabled") ||
                                reason.contains("threads support is not enabled");
  std::string text(reason);
  return is_about_threads ? text.append("; ").append(kNoThreads) : text;
}

}  // namespace wasm_server
