#include "handlers/revisions.h"

#include <utility>
#include <vector>

#include "handlers/resource_reply.h"

namespace wasm_server {
namespace {

Bytes revisions_text(const HandlerDeps& deps, const std::vector<WasmMetaData>& revisions) {
  Bytes body = "{\"items\":[";
  std::string_view separator;
  for (const WasmMetaData& meta_data : revisions) {
    body += separator;
    append_resource(body, meta_data, json_context(deps, meta_data));
    separator = ",";
  }
  return body + "]}";
}

Task<Reply> get_revisions(const HandlerDeps& deps, Request& request) {
  const Result<std::vector<WasmMetaData>> found = deps.store.revisions(request.id);
  if (!found) co_return problem(found.error(), request.request_id);
  if (found->empty()) co_return problem(no_such_module(request.id), request.request_id);
  co_return json_reply(200, revisions_text(deps, *found));
}

}  // namespace

void register_revisions(Router& router, const HandlerDeps& deps) {
  router.add(Method::kGet, "/wasm/{id}/revisions",
             [&deps](Request& request) { return get_revisions(deps, request); });
}

}  // namespace wasm_server
