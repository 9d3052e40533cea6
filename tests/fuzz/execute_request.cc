// A body and, behind its first line feed that is followed by '?', a query. What is accepted must
// be JSON to another parser too, and hold what the contract says.

#include "handlers/execute_request.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "check.h"
#include "engine/number_text.h"

namespace wasm_server {
namespace {

namespace json = boost::json;

void check_argument(const Argument& argument, bool from_json) {
  if (argument.kind == Argument::Kind::kNumber) FUZZ_CHECK(is_json_number(argument.text));
  if (argument.kind == Argument::Kind::kOther) {
    FUZZ_CHECK(argument.text == "null" || argument.text == "true" || argument.text == "false");
    FUZZ_CHECK(from_json);
  }
}

void check_request(const ExecuteRequest& execute) {
  for (const auto& [name, value] : execute.env) {
    FUZZ_CHECK(!name.empty() && name.find('=') == name.npos && name.find('\0') == name.npos);
    FUZZ_CHECK(value.find('\0') == value.npos);
  }
  if (const auto* positional = std::get_if<0>(&execute.arguments)) {
    FUZZ_CHECK(positional->size() <= kMaxExecuteItems);
    for (const Argument& argument : *positional) check_argument(argument, execute.json);
  } else {
    FUZZ_CHECK(execute.json);
    for (const NamedArgument& named : std::get<1>(execute.arguments)) {
      check_argument(named.value, true);
    }
  }
}

// The members of `args`, by the other parser: as many as we found.
void check_against_document(const std::string& body, const ExecuteRequest& execute) {
  json::error_code ec;
  const json::value document = json::parse(body, ec);
  FUZZ_CHECK(!ec);
  const json::value* args =
      document.is_object() ? document.as_object().if_contains("args") : &document;
  if (args == nullptr) return;
  if (const auto* positional = std::get_if<0>(&execute.arguments)) {
    FUZZ_CHECK(args->is_array() && args->as_array().size() == positional->size());
  } else {
    FUZZ_CHECK(args->is_object() &&
               args->as_object().size() == std::get<1>(execute.arguments).size());
  }
}

void run(std::string_view input) {
  const std::size_t cut = input.find("\n?");
  const std::string body(input.substr(0, cut));
  for (const char* type : {"application/json", "text/plain"}) {
    Request request;
    request.headers.push_back({"Content-Type", type});
    request.query = cut == input.npos ? std::string_view{} : input.substr(cut + 2);
    request.body = body;
    auto execute = parse_execute_request(request);
    if (!execute) {
      FUZZ_CHECK(execute.error().code == ErrorCode::kBadRequest &&
                 !execute.error().message.empty());
      continue;
    }
    check_request(*execute);
    if (!execute->json) FUZZ_CHECK(execute->stdin_bytes == body);
    if (execute->json && !body.empty()) check_against_document(body, *execute);
    (void)to_command_args(std::move(execute->arguments));
  }
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wasm_server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
