#include "cli/guest_output.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/api/problem.h"
#include "cli/text/json_view.h"
#include "cli/text/printable.h"

namespace wasm_server::cli {
namespace {

constexpr std::uint64_t kMaxProcessCode = 255;

// "stdout", or "stdout_base64" where it was no text.
std::string stream_of(JsonValue answer, const std::string& name) {
  const std::string_view coded = text_member(answer, name + "_base64");
  if (!coded.empty()) return decode_base64(coded).value_or("");
  return std::string(text_member(answer, name));
}

Outcome<void> print_streams(const Terminal& terminal, JsonValue answer) {
  TRY(terminal.write(stream_of(answer, "stdout")));
  terminal.write_error(stream_of(answer, "stderr"));
  return {};
}

bool is_number(const std::string& type) {
  constexpr std::string_view kNumbers[] = {"i64", "s64", "u64", "f32", "f64", "v128"};
  return std::ranges::find(kNumbers, type) != std::end(kNumbers);
}

Outcome<void> print_results(const Terminal& terminal, JsonValue results,
                            const std::vector<std::string>& types) {
  if (results.kind() != JsonKind::kArray) return {};
  std::string text;
  std::size_t index = 0;
  for (const JsonValue result : results) {
    const bool bare =
        result.kind() == JsonKind::kString && index < types.size() && is_number(types[index]);
    ++index;
    std::string line(bare ? result.text() : "");
    if (!bare) append_json(line, result);
    text += printable(line) + "\n";
  }
  return terminal.write(text);
}

bool is_success(const HttpAnswer& answer) { return answer.status >= 200 && answer.status < 300; }

}  // namespace

int process_code(std::uint64_t guest_code) {
  return static_cast<int>(std::min(guest_code, kMaxProcessCode));
}

Outcome<int> print_answer(ApiClient& api, const Terminal& terminal, const HttpAnswer& answer,
                          const AnswerForm& form) {
  const auto document = parse_json(std::string_view(answer.body));
  if (form.as_json && document) {
    TRY(terminal.write(answer.body + "\n"));
  }
  if (!form.as_json && document) {
    TRY(print_streams(terminal, document->root()));
  }
  if (!is_success(answer)) return std::unexpected{failure_of(answer, api.server())};
  if (!document) {
    return failure(kUnreachable,
                   api.server().url + " does not answer as a wasm-server does; is it one?");
  }
  if (const auto results = member(document->root(), "results"); results && !form.as_json) {
    TRY(print_results(terminal, *results, form.result_types));
  }
  return process_code(parse_unsigned(text_member(document->root(), "exit_code")).value_or(0));
}

}  // namespace wasm_server::cli
