#include "base/result.h"

namespace wasm_server {

const ErrorInfo& error_info(ErrorCode code) {
  static constexpr ErrorInfo kRows[] = {
      {"bad-request", 400, "Bad Request"},
      {"unauthorized", 401, "Unauthorized"},
      {"forbidden", 403, "Forbidden"},
      {"not-found", 404, "Not Found"},
      {"function-not-found", 404, "Function Not Found"},
      {"method-not-allowed", 405, "Method Not Allowed"},
      {"not-acceptable", 406, "Not Acceptable"},
      {"conflict", 409, "Conflict"},
      {"precondition-failed", 412, "Precondition Failed"},
      {"payload-too-large", 413, "Payload Too Large"},
      {"unsupported-media-type", 415, "Unsupported Media Type"},
      {"invalid-module", 422, "Invalid Module"},
      {"guest-trap", 422, "Guest Trap"},
      {"output-limit", 422, "Output Limit"},
      {"bad-guest-answer", 502, "Bad Guest Answer"},
      {"memory-limit", 422, "Memory Limit"},
      {"rate-limited", 429, "Too Many Requests"},
      {"headers-too-large", 431, "Request Header Fields Too Large"},
      {"request-timeout", 408, "Request Timeout"},
      {"internal", 500, "Internal Server Error"},
      {"overloaded", 503, "Service Unavailable"},
      {"not-ready", 503, "Not Ready"},
      {"deadline-exceeded", 504, "Deadline Exceeded"},
      {"storage-full", 507, "Insufficient Storage"},
  };
  static_assert(std::size(kRows) == static_cast<std::size_t>(ErrorCode::kStorageFull) + 1);
  return kRows[static_cast<std::size_t>(code)];
}

}  // namespace wasm_server
