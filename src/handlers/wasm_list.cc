#include "handlers/wasm_list.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "handlers/list_query.h"
#include "handlers/resource_reply.h"
#include "http/json_text.h"

namespace wasm_server {
namespace {

// A module of many functions takes megabytes of JSON: modules are read a few at a time, and a page
// of so many bytes ends early, with a `next`.
constexpr std::size_t kPartItems = 64;
constexpr std::size_t kPageBytes = 8U << 20;

// The items of one page as JSON, built part by part.
struct Page {
  Bytes items;
  std::size_t count = 0;
  std::optional<std::string> next;
};

// False when the page is complete, or the store has looked at enough for one request.
bool append_part(const HandlerDeps& deps, const ListPage& part, std::size_t wanted, Page& page) {
  for (const WasmMetaData& meta_data : part.items) {
    if (page.items.size() >= kPageBytes) return false;
    if (page.count++ > 0) page.items += ',';
    append_resource(page.items, meta_data, json_context(deps, meta_data));
    page.next = meta_data.id;
  }
  page.next = part.next;
  return part.next && part.items.size() == wanted;
}

Result<Page> read_page(const HandlerDeps& deps, const ListRequest& list) {
  Page page;
  if (list.none) return page;
  ListQuery query = list.query;
  bool more = true;
  while (more && page.count < list.query.limit) {
    query.limit = std::min(kPartItems, list.query.limit - page.count);
    const Result<ListPage> part = deps.store.list(query);
    if (!part) return std::unexpected{part.error()};
    more = append_part(deps, *part, query.limit, page);
    query.after = page.next.value_or("");
  }
  return page;
}

Bytes page_text(const Page& page) {
  Bytes body = "{\"items\":[" + page.items + "]";
  if (page.next) {
    body += ",\"next\":";
    append_json_string(body, *page.next);
  }
  return body + '}';
}

Task<Reply> list_wasm(const HandlerDeps& deps, Request& request) {
  const Result<ListRequest> list = parse_list_request(request);
  if (!list) co_return problem(list.error(), request.request_id);
  const Result<Page> page = read_page(deps, *list);
  if (!page) co_return problem(page.error(), request.request_id);
  Reply reply = json_reply(200, page_text(*page));
  if (page->next) reply.add_header("Link", next_link(request, *page->next));
  co_return reply;
}

}  // namespace

void register_wasm_list(Router& router, const HandlerDeps& deps) {
  router.add(Method::kGet, "/wasm", [&deps](Request& request) { return list_wasm(deps, request); });
}

}  // namespace wasm_server
