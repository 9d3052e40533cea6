#include "cli/api/api_client.h"

#include <algorithm>

#include "base/base64.h"
#include "base/json.h"
#include "cli/api/problem.h"
#include "cli/text/json_view.h"
#include "cli/text/nearest.h"

namespace wasm_server::cli {
namespace {

// Validating a large module may take the server as long as that.
constexpr long kUploadStallSeconds = 600;

// Nobody waits longer for a suggestion.
constexpr long kHintMillis = 2000;

bool is_success(const HttpAnswer& answer) { return answer.status >= 200 && answer.status < 300; }

std::string without_code(std::string_view id, std::optional<std::uint64_t> revision) {
  return module_path(id, revision) + (revision ? "&" : "?") + "wasm=false";
}

// A body that says more than the code is JSON, which takes binary code alone, in base64.
struct UploadBody {
  std::string type;
  std::string json;  // empty: the code itself
};

bool labels_go_with_it(const Upload& upload) {
  return !upload.labels.empty() && upload.type == "application/wasm";
}

UploadBody body_of(const Upload& upload) {
  if (!labels_go_with_it(upload)) return {upload.type, {}};
  return {"application/json", "{\"labels\":" + json_object(upload.labels) + ",\"wasm\":\"" +
                                  encode_base64(upload.bytes) + "\"}"};
}

HttpRequest upload_request(const Upload& upload, const UploadBody& body, std::string target) {
  HttpRequest request;
  if (!upload.function.empty()) {
    target +=
        (target.find('?') == target.npos ? "?" : "&") + ("function=" + url_encode(upload.function));
  }
  request.target = std::move(target);
  request.headers = {"Content-Type: " + body.type};
  request.body = body.json.empty() ? upload.bytes : std::string_view(body.json);
  request.on_sent = upload.on_sent;
  request.stalled_after = kUploadStallSeconds;
  return request;
}

}  // namespace

std::string module_path(std::string_view id, std::optional<std::uint64_t> revision) {
  std::string path = "/wasm/" + url_encode(id);
  if (revision) path += "?revision=" + std::to_string(*revision);
  return path;
}

Outcome<HttpAnswer> ApiClient::call(const HttpRequest& request) {
  TRY_ASSIGN(HttpAnswer answer, http_.send(request));
  if (is_success(answer)) return answer;
  return std::unexpected{failure_of(answer, http_.server())};
}

Outcome<ModuleView> ApiClient::view_of(const HttpAnswer& answer) const {
  const auto document = parse_json(std::string_view(answer.body));
  std::optional<ModuleView> view;
  if (document) view = module_view(document->root());
  if (!view) return std::unexpected{no_answer_of_ours()};
  view->etag = answer.header("etag");
  return *std::move(view);
}

Failure ApiClient::no_answer_of_ours() const {
  return {kUnreachable, http_.server().url + " does not answer as a wasm-server does; is it one?"};
}

Outcome<std::optional<ModuleView>> ApiClient::find(std::string_view id) {
  HttpRequest request;
  request.target = without_code(id, {});
  TRY_ASSIGN(const HttpAnswer answer, http_.send(request));
  if (answer.status == 404 && problem_code(answer) == "not-found") return std::nullopt;
  if (!is_success(answer)) return std::unexpected{failure_of(answer, http_.server())};
  TRY_ASSIGN(ModuleView view, view_of(answer));
  return view;
}

Outcome<HttpAnswer> ApiClient::read(std::string_view id, std::optional<std::uint64_t> revision) {
  HttpRequest request;
  request.target = without_code(id, revision);
  TRY_ASSIGN(HttpAnswer answer, http_.send(request));
  if (is_success(answer)) return answer;
  return std::unexpected{refusal_of(answer, id)};
}

Outcome<std::string> ApiClient::module_json(std::string_view id,
                                            std::optional<std::uint64_t> revision) {
  TRY_ASSIGN(HttpAnswer answer, read(id, revision));
  TRY(view_of(answer));
  return std::move(answer.body);
}

Outcome<ModuleView> ApiClient::module(std::string_view id, std::optional<std::uint64_t> revision) {
  TRY_ASSIGN(const HttpAnswer answer, read(id, revision));
  return view_of(answer);
}

Failure ApiClient::refusal_of(const HttpAnswer& answer, std::string_view id) {
  Failure why = failure_of(answer, http_.server());
  return answer.status == 404 ? with_suggestion(std::move(why), id) : why;
}

Failure ApiClient::with_suggestion(Failure failure, std::string_view id) {
  const auto known = ids(id.substr(0, 1));
  if (!known || std::ranges::find(*known, id) != known->end()) return failure;
  failure.message += did_you_mean(id, *known);
  return failure;
}

Outcome<ModuleView> ApiClient::add(std::string_view id, const Upload& upload) {
  const UploadBody body = body_of(upload);
  HttpRequest request =
      upload_request(upload, body, id.empty() ? "/wasm" : "/wasm?id=" + url_encode(id));
  request.method = "POST";
  TRY_ASSIGN(const HttpAnswer answer, call(request));
  TRY_ASSIGN(ModuleView view, view_of(answer));
  return labelled(std::move(view), upload);
}

Outcome<ModuleView> ApiClient::replace(const ModuleView& module, const Upload& upload) {
  const UploadBody body = body_of(upload);
  HttpRequest request = upload_request(upload, body, module_path(module.id));
  request.method = "PUT";
  request.headers.push_back("If-Match: " + module.etag);
  TRY_ASSIGN(const HttpAnswer answer, call(request));
  TRY_ASSIGN(ModuleView view, view_of(answer));
  return labelled(std::move(view), upload);
}

Outcome<ModuleView> ApiClient::labelled(ModuleView view, const Upload& upload) {
  if (upload.labels.empty() || labels_go_with_it(upload)) return view;
  return modify(view, "{\"labels\":" + json_object(upload.labels) + "}");
}

Outcome<ModuleView> ApiClient::modify(const ModuleView& module, std::string_view json) {
  HttpRequest request;
  request.method = "PUT";
  request.target = module_path(module.id);
  request.headers = {"Content-Type: application/json", "If-Match: " + module.etag};
  request.body = json;
  TRY_ASSIGN(const HttpAnswer answer, call(request));
  return view_of(answer);
}

Outcome<void> ApiClient::remove(std::string_view id) {
  HttpRequest request;
  request.method = "DELETE";
  request.target = module_path(id);
  TRY_ASSIGN(const HttpAnswer answer, http_.send(request));
  if (answer.status == 204) return {};
  return std::unexpected{refusal_of(answer, id)};
}

Outcome<std::vector<std::string>> ApiClient::ids(std::string_view prefix) {
  HttpRequest request;
  request.target = "/wasm?limit=1000&prefix=" + url_encode(prefix);
  request.within_millis = kHintMillis;
  TRY_ASSIGN(const HttpAnswer answer, call(request));
  std::vector<std::string> ids;
  const auto document = parse_json(std::string_view(answer.body));
  if (!document) return ids;
  const auto items = array_member(document->root(), "items");
  if (!items) return ids;
  for (const JsonValue item : *items) ids.emplace_back(text_member(item, "id"));
  return ids;
}

}  // namespace wasm_server::cli
