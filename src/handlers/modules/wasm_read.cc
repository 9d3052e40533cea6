#include "handlers/modules/wasm_read.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "handlers/modules/blob_body.h"
#include "handlers/modules/conditions.h"
#include "handlers/modules/entity_tag.h"
#include "handlers/modules/wasm_json.h"
#include "handlers/revision_query.h"
#include "http/media.h"

namespace wasm_server {
namespace {

constexpr std::string_view kWasmType = "application/wasm";
constexpr std::string_view kJsonType = "application/json";

// What the request asks for.
struct Query {
  Form form = Form::kJson;
  std::optional<std::uint64_t> revision;
  Preconditions preconditions;
};

Result<Form> parse_form(const Request& request) {
  const std::string header = request.header_list("accept");
  const Accept accept(header);
  const double raw = accept.quality(kWasmType);
  const double json = accept.quality(kJsonType);
  if (raw <= 0 && json <= 0) {
    return fail(ErrorCode::kNotAcceptable, "available as application/json and application/wasm");
  }
  if (raw > json) return Form::kRaw;
  const std::string with_code = request.query_value("wasm").value_or("true");
  if (with_code == "true") return Form::kJson;
  if (with_code == "false") return Form::kJsonWithoutCode;
  return fail(ErrorCode::kBadRequest, "the parameter wasm must be true or false");
}

Result<Query> parse_query(const Request& request) {
  Query query;
  TRY_ASSIGN(query.form, parse_form(request));
  TRY_ASSIGN(query.revision, parse_revision(request));
  TRY_ASSIGN(query.preconditions, parse_preconditions(request));
  return query;
}

Result<Reply> raw_reply(const HandlerDeps& deps, const WasmMetaData& meta_data, bool head_only) {
  const Modules& modules = deps.modules;
  Reply reply;
  reply.content_type = kWasmType;
  if (head_only) {
    reply.head_length = meta_data.size;
    return reply;
  }
  if (meta_data.size <= kLargeBody) {
    TRY_ASSIGN(reply.body, modules.read_code(meta_data));
    return reply;
  }
  if (SharedBytes cached = modules.cached_code(meta_data)) {
    reply.body = std::move(cached);
    return reply;
  }
  FindWhole find_whole = [&modules, meta_data] { return modules.read_shared_code(meta_data); };
  reply.body = make_raw_body(deps.helpers, modules.code_reader(meta_data), std::move(find_whole));
  return reply;
}

Result<Reply> json_storage_reply(const HandlerDeps& deps, const WasmMetaData& meta_data,
                                 bool head_only) {
  StorageFrame frame = storage_frame(meta_data, deps.modules.status_of(meta_data));
  const std::uint64_t frame_size = frame.head.size() + frame.tail.size();
  if (!head_only && meta_data.size <= kLargeBody) {
    TRY_ASSIGN(const SharedBytes code, deps.modules.read_code(meta_data));
    return deps.answers.reply(frame.head + encode_base64(*code) + frame.tail);
  }
  Reply reply = json_reply(200, {});
  if (head_only) {
    reply.head_length = frame_size + base64_length(meta_data.size);
    return reply;
  }
  TRY_ASSIGN(MemoryShare share, deps.answers.take(frame_size));
  reply.body = make_json_body(deps.helpers, deps.modules.code_reader(meta_data), std::move(frame),
                              std::move(share));
  return reply;
}

Result<Reply> full_reply(const HandlerDeps& deps, const WasmMetaData& meta_data, Form form,
                         bool head_only) {
  if (form == Form::kRaw) return raw_reply(deps, meta_data, head_only);
  if (form == Form::kJson) return json_storage_reply(deps, meta_data, head_only);
  Bytes body;
  append_resource(body, meta_data, deps.modules.status_of(meta_data));
  return deps.answers.reply(std::move(body));
}

Reply not_modified() {
  Reply reply;
  reply.status = 304;
  return reply;
}

Result<Reply> answer(const HandlerDeps& deps, const Request& request) {
  TRY_ASSIGN(const Query query, parse_query(request));
  TRY_ASSIGN(const WasmMetaData found, deps.modules.find(request.id, query.revision));
  const std::string etag = entity_tag(found, query.form);
  const ReadVerdict verdict = judge_read(query.preconditions, etag);
  if (verdict == ReadVerdict::kPreconditionFailed) {
    return fail(ErrorCode::kPreconditionFailed, "the module's ETag is " + quote(etag));
  }
  const bool head_only = request.method == Method::kHead;
  Result<Reply> reply = verdict == ReadVerdict::kNotModified
                            ? not_modified()
                            : full_reply(deps, found, query.form, head_only);
  if (reply) reply->add_header("ETag", quote(etag));
  return reply;
}

// Never waits, and so is no coroutine.
Reply get_wasm(const HandlerDeps& deps, const Request& request) {
  Result<Reply> result = answer(deps, request);
  Reply reply = result ? *std::move(result) : problem(result.error(), request.request_id);
  reply.add_header("Vary", "Accept");
  return reply;
}

}  // namespace

void register_wasm_read(Router& router, const HandlerDeps& deps) {
  router.bind("get_wasm", [&deps](Request& request) { return get_wasm(deps, request); });
}

}  // namespace wasm_server
