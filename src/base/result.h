#pragma once

// What can go wrong and how it is told: every expected failure is a value, `Result<T>`; an
// exception means a bug or a lost resource (see ARCHITECTURE.md, "Errors").

#include <expected>
#include <string>
#include <utility>

namespace wasm_server {

// The stable codes of the HTTP contract. A new one also needs: its row in `error_info()`
// (base/result.cc), and in README.md's table of errors.
enum class ErrorCode {
  kBadRequest,
  kNotFound,
  kFunctionNotFound,
  kMethodNotAllowed,
  kNotAcceptable,
  kConflict,
  kPreconditionFailed,
  kPayloadTooLarge,
  kUnsupportedMediaType,
  kInvalidModule,
  kGuestTrap,
  kOutputLimit,
  kMemoryLimit,
  kHeadersTooLarge,
  kRequestTimeout,
  kInternal,
  kOverloaded,
  kDeadlineExceeded,
  kStorageFull,
};

struct ErrorInfo {
  const char* name;   // `code` in the answer, e.g. "not-found"
  unsigned status;    // HTTP status
  const char* title;  // RFC 9457 `title`
};

// Never fails: every enumerator has its row.
const ErrorInfo& error_info(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;  // for the client
  std::string log{};    // for the operator only; never sent
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string log = {}) {
  return std::unexpected{Error{code, std::move(message), std::move(log)}};
}

}  // namespace wasm_server
