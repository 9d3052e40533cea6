#include "handlers/wasm_request_parser.h"

#include <string>
#include <string_view>
#include <utility>

#include "handlers/wasm_request_bounds.h"
#include "handlers/wasm_request_json.h"

namespace wasm_server {
namespace {

constexpr std::string_view kTaken = "application/wasm, text/wat or application/json";

// `curl -X PUT /wasm/x?function=f`: no body and no type, the query says it all.
bool is_query_only(const WriteInput& input) {
  return input.job_type == JobType::MODIFY && input.body.empty() && input.content_type.empty() &&
         input.query_function.has_value();
}

Result<WasmRequest> request_of(Result<Bytes> wasm) {
  if (!wasm) return std::unexpected{std::move(wasm).error()};
  WasmRequest request;
  request.wasm = *std::move(wasm);
  return request;
}

Result<WasmRequest> parse_text(std::string_view text, const Engine& engine) {
  if (text.size() > kMaxTextBytes) {
    return fail(ErrorCode::kPayloadTooLarge, "WebAssembly text is taken up to " +
                                                 std::to_string(kMaxTextBytes) +
                                                 " bytes; send the binary that it compiles to");
  }
  return request_of(engine.wat_to_wasm(text));
}

Result<WasmRequest> parse_body(WriteInput& input, const Engine& engine) {
  if (is_query_only(input)) return WasmRequest{};
  const std::string type = media_type(input.content_type);
  if (type == "application/wasm") return request_of(std::move(input.body));
  if (type == "text/wat" || type == "application/wat") return parse_text(input.body, engine);
  if (type == "application/json") return parse_wasm_request_json(input.body);
  const std::string what = type.empty() ? "a body without Content-Type" : type;
  return fail(ErrorCode::kUnsupportedMediaType,
              what + " is not taken here; send " + std::string(kTaken));
}

// The query stands behind the body's own fields.
void add_query(WriteInput& input, WasmRequest& request) {
  if (!request.function) request.function = std::move(input.query_function);
  if (!request.id) request.id = std::move(input.query_id);
}

Result<void> check_save(const WasmRequest& request) {
  if (request.revision) return fail(ErrorCode::kBadRequest, "revision is for PUT only");
  if (!request.wasm) return fail(ErrorCode::kBadRequest, "the field wasm is missing");
  return {};
}

Result<void> check_modify(const WasmRequest& request, std::string_view path_id) {
  if (request.id && *request.id != path_id) {
    return fail(ErrorCode::kBadRequest, "id is not that of the path; an id cannot be changed");
  }
  if (request.revision && request.wasm) {
    return fail(ErrorCode::kBadRequest, "revision and wasm exclude each other");
  }
  if (request.revision == 0) return fail(ErrorCode::kBadRequest, "revision must be at least 1");
  return {};
}

}  // namespace

WriteInput take_write_input(Request& request, JobType job_type) {
  WriteInput input;
  input.job_type = job_type;
  input.path_id = std::string(request.id);
  input.body = std::move(request.body);
  input.content_type = request.header("content-type");
  input.content_encoding = request.header_list("content-encoding");
  input.query_id = request.query_value("id");
  input.query_function = request.query_value("function");
  return input;
}

Result<WasmRequest> parse_wasm_request(WriteInput input, const Engine& engine) {
  if (!input.content_encoding.empty() && input.content_encoding != "identity") {
    return fail(ErrorCode::kUnsupportedMediaType, "a Content-Encoding is not taken here");
  }
  Result<WasmRequest> request = parse_body(input, engine);
  if (!request) return request;
  add_query(input, *request);
  const bool saves = input.job_type == JobType::SAVE;
  Result<void> checked = saves ? check_save(*request) : check_modify(*request, input.path_id);
  if (checked) checked = check_bounds(*request);
  if (!checked) return std::unexpected{std::move(checked).error()};
  if (!saves) request->id = std::move(input.path_id);
  return request;
}

}  // namespace wasm_server
