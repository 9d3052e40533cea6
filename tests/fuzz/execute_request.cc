// A body and, behind its first line feed that is followed by '?', a query. What is accepted must
// be JSON to another parser too, and hold what the contract says.

#include "handlers/execute/execute_request.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "check.h"
#include "engine/values/number_text.h"

namespace wasm_server {
namespace {

namespace json = boost::json;

// As another parser reads it.
void check_same(JsonValue ours, const json::value& theirs) {
  switch (ours.kind()) {
    case JsonKind::kNull:
      FUZZ_CHECK(theirs.is_null());
      return;
    case JsonKind::kBool:
      FUZZ_CHECK(theirs.is_bool() && theirs.as_bool() == ours.boolean());
      return;
    case JsonKind::kNumber:
      FUZZ_CHECK(theirs.is_number() && is_json_number(ours.text()));
      return;
    case JsonKind::kString:
      FUZZ_CHECK(theirs.is_string() && theirs.as_string() == ours.text());
      return;
    case JsonKind::kArray: {
      FUZZ_CHECK(theirs.is_array() && theirs.as_array().size() == ours.size());
      std::size_t index = 0;
      for (const JsonValue item : ours) check_same(item, theirs.as_array()[index++]);
      FUZZ_CHECK(index == ours.size());
      return;
    }
    case JsonKind::kObject:
      FUZZ_CHECK(theirs.is_object() && theirs.as_object().size() == ours.size());
      for (const JsonValue member : ours) {
        const auto* found = theirs.as_object().if_contains(member.name());
        FUZZ_CHECK(found != nullptr);
        check_same(member, *found);
      }
  }
}

void check_request(const ExecuteRequest& execute) {
  for (const auto& [name, value] : execute.env) {
    FUZZ_CHECK(!name.empty() && name.find('=') == name.npos && name.find('\0') == name.npos);
    FUZZ_CHECK(value.find('\0') == value.npos);
  }
  if (!execute.arguments) return;
  FUZZ_CHECK(execute.arguments->size() <= kMaxExecuteItems);
  (void)to_command_args(execute.arguments);
}

// A body that was accepted: its arguments, if it has any, are those that another parser finds.
void check_against_document(const std::string& body, const ExecuteRequest& execute,
                            bool has_query) {
  json::error_code ec;
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  const json::value document = json::parse(body, ec, {}, options);
  FUZZ_CHECK(!ec);
  const json::value* args =
      document.is_object() ? document.as_object().if_contains("args") : &document;
  FUZZ_CHECK(args == nullptr || execute.arguments);
  if (args != nullptr) check_same(*execute.arguments, *args);
  FUZZ_CHECK(args != nullptr || !execute.arguments || has_query);
}

void run(std::string_view input) {
  const std::size_t cut = input.find("\n?");
  const std::string body(input.substr(0, cut));
  for (const char* type : {"application/json", "text/plain"}) {
    Request request;
    request.headers.push_back({"Content-Type", type});
    request.query = cut == input.npos ? std::string_view{} : input.substr(cut + 2);
    request.body = body;
    auto execute = parse_execute_request(request, type == std::string_view("application/json"));
    if (!execute) {
      FUZZ_CHECK(execute.error().code == ErrorCode::kBadRequest &&
                 !execute.error().message.empty());
      continue;
    }
    check_request(*execute);
    const bool is_json = type == std::string_view("application/json");
    if (!is_json) FUZZ_CHECK(execute->stdin_bytes == body);
    if (is_json && !body.empty()) check_against_document(body, *execute, !request.query.empty());
  }
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wasm_server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
