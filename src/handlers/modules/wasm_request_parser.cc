#include "handlers/modules/wasm_request_parser.h"

#include <functional>
#include <string>
#include <utility>

#include "base/text.h"
#include "handlers/modules/conditions.h"
#include "handlers/modules/wasm_request_json.h"
#include "http/media.h"
#include "services/foreign_bytes.h"

namespace wasm_server {
namespace {

// Longer JSON is parsed on another thread: this much takes less than a millisecond.
constexpr std::size_t kInlineJsonBytes = 64U << 10;

constexpr std::string_view kTaken = "application/wasm, text/wat or application/json";

// `curl -X PUT /wasm/x?function=f`: no body and no type, the query says it all.
bool is_query_only(const Request& request) {
  return request.method == Method::kPut && request.body.empty() &&
         request.header("content-type").empty() && request.query_value("function").has_value();
}

// What is sent by who does not know better; the last one is curl's default.
bool says_nothing(std::string_view type) {
  return type.empty() || type == "application/octet-stream" ||
         type == "application/x-www-form-urlencoded";
}

Task<Result<WasmRequest>> parse_on(HelperPool& helpers, BodyForm form, Bytes body) {
  std::move_only_function<Result<WasmRequest>()> work = [form, body = std::move(body)]() mutable {
    return parse_body(form, std::move(body));
  };
  return helpers.run<WasmRequest>(std::move(work));
}

}  // namespace

Result<BodyForm> body_form(const Request& request) {
  if (is_query_only(request)) return BodyForm::kNone;
  const std::string type = media_type(request.header("content-type"));
  if (type == "application/wasm") return BodyForm::kBinary;
  if (type == "text/wat" || type == "application/wat") return BodyForm::kText;
  if (type == "application/json") return BodyForm::kJson;
  if (says_nothing(type) && begins_as_module(request.body)) return BodyForm::kBinary;
  std::string what = type.empty() ? "a body without Content-Type" : shorten(type);
  what += " is not taken here; send " + std::string(kTaken);
  const std::string found = describe_foreign_bytes(request.body);
  if (!found.empty() && says_nothing(type)) what += "; the body is " + found;
  return fail(ErrorCode::kUnsupportedMediaType, std::move(what));
}

Result<WasmRequest> parse_body(BodyForm form, Bytes body) {
  if (form == BodyForm::kJson) return parse_wasm_request_json(body);
  WasmRequest request;
  if (form == BodyForm::kBinary) {
    request.wasm = std::move(body);
  } else if (form == BodyForm::kText) {
    request.text = std::move(body);
  }
  return request;
}

Result<void> add_query_and_path(const Request& request, WasmRequest& wasm_request) {
  if (!wasm_request.function) wasm_request.function = request.query_value("function");
  if (!wasm_request.id) wasm_request.id = request.query_value("id");
  if (request.method != Method::kPut) return {};
  if (wasm_request.id && *wasm_request.id != request.id) {
    return fail(ErrorCode::kBadRequest, "id is not that of the path; an id cannot be changed");
  }
  wasm_request.id = std::string(request.id);
  return {};
}

Task<Result<WasmRequest>> read_wasm_request(HelperPool& helpers, Request& request) {
  CO_TRY_ASSIGN(Preconditions preconditions, parse_write_preconditions(request));
  CO_TRY_ASSIGN(const BodyForm form, body_form(request));
  Result<WasmRequest> parsed;
  if (form == BodyForm::kJson && request.body.size() > kInlineJsonBytes) {
    auto parsing = parse_on(helpers, form, std::move(request.body));
    parsed = co_await std::move(parsing);
  } else {
    parsed = parse_body(form, std::move(request.body));
  }
  if (!parsed) co_return parsed;
  parsed->preconditions = std::move(preconditions);
  CO_TRY(add_query_and_path(request, *parsed));
  co_return parsed;
}

}  // namespace wasm_server
