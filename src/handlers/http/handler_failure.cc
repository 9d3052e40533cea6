#include "handlers/http/handler_failure.h"

#include <variant>

#include "handlers/execute/execute_reply.h"

namespace wasm_server {
namespace {

bool has_own_code(const Outcome& outcome) {
  return std::holds_alternative<Refused>(outcome) || std::holds_alternative<TimedOut>(outcome) ||
         std::holds_alternative<Cancelled>(outcome);
}

Error bad_answer(std::string message) { return {ErrorCode::kBadGuestAnswer, std::move(message)}; }

}  // namespace

Error failure_of_handler(GuestExchange& exchange, const std::optional<ExecutionResult>& result) {
  const auto* head = exchange.head();
  if (head != nullptr && !*head) return head->error();
  if (result && has_own_code(result->outcome)) return failure_of(*result);
  if (result && std::holds_alternative<Trapped>(result->outcome)) {
    return bad_answer("the handler trapped before its answer was whole: " +
                      std::get<Trapped>(result->outcome).message);
  }
  return bad_answer(head == nullptr ? "the handler ended without an answer"
                                    : "the handler ended before its answer was whole");
}

Error wrong_length() {
  return bad_answer("the handler's body is of another size than its Content-Length");
}

// Without words: nobody is there to read them, and it is nothing to log.
Error client_left() { return {ErrorCode::kBadRequest, {}}; }

}  // namespace wasm_server
