#include "handlers/resource_reply.h"

#include <utility>

#include "handlers/conditions.h"

namespace wasm_server {

JsonContext json_context(const HandlerDeps& deps, const WasmMetaData& meta_data) {
  return {effective_limits(meta_data.limits, deps.limits), deps.compiler.status(meta_data.digest)};
}

Reply resource_reply(const HandlerDeps& deps, unsigned status, const WasmMetaData& meta_data) {
  Bytes body;
  append_resource(body, meta_data, json_context(deps, meta_data));
  Reply reply = json_reply(status, std::move(body));
  reply.add_header("ETag", quoted(etag_of(meta_data)));
  return reply;
}

Error no_such_module(std::string_view id) {
  return {ErrorCode::kNotFound, "there is no module \"" + std::string(id) + "\""};
}

}  // namespace wasm_server
