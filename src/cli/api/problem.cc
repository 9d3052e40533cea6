#include "cli/api/problem.h"

#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "cli/text/json_view.h"

namespace wasm_server::cli {
namespace {

ExitCode exit_code_for(std::string_view code) {
  if (code == "deadline-exceeded") return kGuestDeadline;
  for (const std::string_view guest :
       {"guest-trap", "output-limit", "memory-limit", "bad-guest-answer"}) {
    if (code == guest) return kGuestFailed;
  }
  return kRefused;
}

// What can be done about it where the server's words do not say it.
std::string advice(std::string_view code, const HttpAnswer& answer) {
  if (code == "unauthorized") return "; give a token (--token, WASM_SERVER_TOKEN or the file)";
  if (code == "deadline-exceeded") return "; --timeout and the module's limits say how long it may";
  if (code == "precondition-failed") return "; somebody else changed it, try again";
  if (code == "overloaded" || code == "not-ready" || code == "rate-limited") {
    const std::string_view seconds = answer.header("retry-after");
    return "; try again" + (seconds.empty() ? "" : " in " + std::string(seconds) + " s");
  }
  return {};
}

// " (in inner, at offset 40)": the innermost frame of a trap.
std::string place_of(JsonValue problem) {
  const auto frames = array_member(problem, "backtrace");
  if (!frames || frames->size() == 0) return {};
  const JsonValue frame = *frames->begin();
  std::string place = " (in " + std::string(text_member(frame, "function"));
  const std::string_view offset = text_member(frame, "offset");
  if (!offset.empty()) place += ", at offset " + std::string(offset);
  return place + ")";
}

Failure no_problem_document(const HttpAnswer& answer, const ServerAddress& server) {
  std::string text = server.url + " answers " + std::to_string(answer.status);
  const std::string_view location = answer.header("location");
  if (answer.status >= 300 && answer.status < 400 && !location.empty()) {
    return {kUnreachable, text + " and names " + quote(shorten(location)) +
                              "; redirects are not followed, give the server's own address"};
  }
  return {kUnreachable, text + " and not as a wasm-server does; is it one?"};
}

}  // namespace

std::string problem_code(const HttpAnswer& answer) {
  const auto document = parse_json(std::string_view(answer.body));
  return document ? std::string(text_member(document->root(), "code")) : std::string{};
}

Failure failure_of(const HttpAnswer& answer, const ServerAddress& server) {
  const auto document = parse_json(std::string_view(answer.body));
  const std::string_view code =
      document ? text_member(document->root(), "code") : std::string_view{};
  if (code.empty()) return no_problem_document(answer, server);
  std::string_view detail = text_member(document->root(), "detail");
  if (detail.empty()) detail = code;
  return {exit_code_for(code),
          std::string(detail) + place_of(document->root()) + advice(code, answer)};
}

}  // namespace wasm_server::cli
