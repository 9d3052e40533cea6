#include "handlers/wasm_list.h"

#include <string_view>

#include "handlers/list_query.h"
#include "handlers/resource_reply.h"
#include "http/json_text.h"

namespace wasm_server {
namespace {

Bytes page_text(const HandlerDeps& deps, const ListPage& page) {
  Bytes body = "{\"items\":[";
  std::string_view separator;
  for (const WasmMetaData& meta_data : page.items) {
    body += separator;
    append_resource(body, meta_data, json_context(deps, meta_data));
    separator = ",";
  }
  body += ']';
  if (page.next) {
    body += ",\"next\":";
    append_json_string(body, *page.next);
  }
  body += '}';
  return body;
}

Reply list_wasm(const HandlerDeps& deps, const Request& request) {
  const Result<ListRequest> list = parse_list_request(request);
  if (!list) return problem(list.error(), request.request_id);
  const Result<ListPage> page = list->none ? ListPage{} : deps.store.list(list->query);
  if (!page) return problem(page.error(), request.request_id);
  Result<Reply> reply = deps.answers.reply(page_text(deps, *page));
  if (!reply) return problem(reply.error(), request.request_id);
  if (page->next) reply->add_header("Link", next_link(request, *page->next));
  return *std::move(reply);
}

}  // namespace

void register_wasm_list(Router& router, const HandlerDeps& deps) {
  router.add(Method::kGet, "/wasm", [&deps](Request& request) { return list_wasm(deps, request); });
}

}  // namespace wasm_server
