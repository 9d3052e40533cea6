#pragma once

// What can go wrong and how it is told: every expected failure is a value, `Result<T>`; an
// exception means a bug or a lost resource (see ARCHITECTURE.md, "Errors").

#include <expected>
#include <string>
#include <utility>

namespace wasm_server {

// The stable codes of the HTTP contract. A new one also needs: its row in `error_info()`
// (base/result.cc), and in docs/errors.md.
enum class ErrorCode {
  kBadRequest,
  kUnauthorized,
  kForbidden,
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
  kBadGuestAnswer,
  kMemoryLimit,
  kRateLimited,
  kHeadersTooLarge,
  kRequestTimeout,
  kInternal,
  kOverloaded,
  kNotReady,
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

// The early return of an expected failure. `TRY(check(x));` goes on when `check(x)` succeeded, and
// else returns its error from the function; `TRY_ASSIGN(auto y, make(x));` also gives the value its
// name. CO_TRY and CO_TRY_ASSIGN are for coroutines. Each is one statement on a line of its own,
// never the body of an `if` without braces. Model: Abseil's ASSIGN_OR_RETURN.
#define TRY(expression) WS_TRY_WITH(WS_UNIQUE(failed_), return, expression)
#define TRY_ASSIGN(variable, expression) \
  WS_TRY_ASSIGN_WITH(WS_UNIQUE(result_), return, variable, expression)
#define CO_TRY(expression) WS_TRY_WITH(WS_UNIQUE(failed_), co_return, expression)
#define CO_TRY_ASSIGN(variable, expression) \
  WS_TRY_ASSIGN_WITH(WS_UNIQUE(result_), co_return, variable, expression)

#define WS_CONCAT_LITERALLY(left, right) left##right
#define WS_CONCAT(left, right) WS_CONCAT_LITERALLY(left, right)
#define WS_UNIQUE(name) WS_CONCAT(name, __LINE__)
#define WS_TRY_WITH(result, return_statement, expression) \
  auto result = (expression);                             \
  if (!result) return_statement std::unexpected {         \
      std::move(result).error()                           \
    }
#define WS_TRY_ASSIGN_WITH(result, return_statement, variable, expression)  \
  auto result = (expression);                                               \
  if (!result) return_statement std::unexpected{std::move(result).error()}; \
  variable = *std::move(result)
