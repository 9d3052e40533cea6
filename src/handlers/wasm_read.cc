#include "handlers/wasm_read.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.h"
#include "handlers/blob_body.h"
#include "handlers/conditions.h"
#include "handlers/execute_plan.h"  // parse_revision
#include "handlers/resource_reply.h"

namespace wasm_server {
namespace {

constexpr std::string_view kWasmType = "application/wasm";
constexpr std::string_view kJsonType = "application/json";

enum class Form { kJson, kJsonWithoutCode, kRaw };

// What the request asks for.
struct Query {
  Form form = Form::kJson;
  std::optional<std::uint64_t> revision;
  Preconditions preconditions;
};

Result<Form> parse_form(const Request& request) {
  const std::string accept = request.header_list("accept");
  const double raw = accept_quality(accept, kWasmType);
  const double json = accept_quality(accept, kJsonType);
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
  const Result<Form> form = parse_form(request);
  if (!form) return std::unexpected{form.error()};
  const Result<std::optional<std::uint64_t>> revision = parse_revision(request);
  if (!revision) return std::unexpected{revision.error()};
  Result<Preconditions> preconditions = parse_preconditions(request);
  if (!preconditions) return std::unexpected{std::move(preconditions).error()};
  query.form = *form;
  query.revision = *revision;
  query.preconditions = *std::move(preconditions);
  return query;
}

Result<WasmMetaData> find(Store& store, std::string_view id,
                          const std::optional<std::uint64_t>& revision) {
  Result<std::optional<WasmMetaData>> found =
      revision ? store.find_revision(id, *revision) : store.find(id);
  if (!found) return std::unexpected{std::move(found).error()};
  if (*found) return **std::move(found);
  if (!revision) return std::unexpected{no_such_module(id)};
  return fail(ErrorCode::kNotFound, "there is no revision " + std::to_string(*revision) +
                                        " of a module \"" + std::string(id) + "\"");
}

Result<Bytes> read_code(Store& store, const WasmMetaData& meta_data) {
  Result<std::optional<Bytes>> code = store.read_blob(meta_data.digest, /*verify=*/false);
  if (!code) return std::unexpected{std::move(code).error()};
  if (!*code) return std::unexpected{no_such_module(meta_data.id)};  // deleted since it was found
  return **std::move(code);
}

Result<Reply> raw_reply(const HandlerDeps& deps, const WasmMetaData& meta_data, bool head_only) {
  Reply reply;
  reply.content_type = kWasmType;
  if (head_only) {
    reply.head_length = meta_data.size;
  } else if (meta_data.size > kLargeBody) {
    Result<SharedBytes> shared = deps.blobs.find(meta_data.digest, meta_data.size);
    if (!shared) return std::unexpected{std::move(shared).error()};
    if (*shared) {
      reply.body = *std::move(shared);
    } else {
      reply.body = make_raw_body(deps.store, meta_data.digest, meta_data.size);
    }
  } else {
    Result<Bytes> code = read_code(deps.store, meta_data);
    if (!code) return std::unexpected{std::move(code).error()};
    reply.body = *std::move(code);
  }
  return reply;
}

Result<Reply> json_storage_reply(const HandlerDeps& deps, const WasmMetaData& meta_data,
                                 bool head_only) {
  StorageFrame frame = storage_frame(meta_data, json_context(deps, meta_data));
  const std::uint64_t frame_size = frame.head.size() + frame.tail.size();
  if (!head_only && meta_data.size <= kLargeBody) {
    const Result<Bytes> code = read_code(deps.store, meta_data);
    if (!code) return std::unexpected{code.error()};
    return deps.answers.reply(frame.head + encode_base64(*code) + frame.tail);
  }
  Reply reply = json_reply(200, {});
  if (head_only) {
    reply.head_length = frame_size + base64_length(meta_data.size);
    return reply;
  }
  Result<AnswerMemory::Share> share = deps.answers.take(frame_size);
  if (!share) return std::unexpected{std::move(share).error()};
  reply.body = make_json_body(deps.store, meta_data.digest, meta_data.size, std::move(frame),
                              *std::move(share));
  return reply;
}

Result<Reply> full_reply(const HandlerDeps& deps, const WasmMetaData& meta_data, Form form,
                         bool head_only) {
  if (form == Form::kRaw) return raw_reply(deps, meta_data, head_only);
  if (form == Form::kJson) return json_storage_reply(deps, meta_data, head_only);
  Bytes body;
  append_resource(body, meta_data, json_context(deps, meta_data));
  return deps.answers.reply(std::move(body));
}

Reply not_modified() {
  Reply reply;
  reply.status = 304;
  return reply;
}

Result<Reply> answer(const HandlerDeps& deps, const Request& request) {
  const Result<Query> query = parse_query(request);
  if (!query) return std::unexpected{query.error()};
  const Result<WasmMetaData> found = find(deps.store, request.id, query->revision);
  if (!found) return std::unexpected{found.error()};
  const std::string etag = etag_of(*found);
  const ReadVerdict verdict = judge_read(query->preconditions, etag);
  if (verdict == ReadVerdict::kPreconditionFailed) {
    return fail(ErrorCode::kPreconditionFailed, "the module's ETag is " + quoted(etag));
  }
  const bool head_only = request.method == Method::kHead;
  Result<Reply> reply = verdict == ReadVerdict::kNotModified
                            ? not_modified()
                            : full_reply(deps, *found, query->form, head_only);
  if (reply) reply->add_header("ETag", quoted(etag));
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
  router.add(Method::kGet, "/wasm/{id}",
             [&deps](Request& request) { return get_wasm(deps, request); });
}

}  // namespace wasm_server
