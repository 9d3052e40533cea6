#include "handlers/modules/wasm_list.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "handlers/modules/list_query.h"
#include "handlers/modules/wasm_json.h"

namespace wasm_server {
namespace {

// Of records: on the event loop, where others wait meanwhile, and in one turn beside it.
constexpr std::size_t kOnLoop = 64U << 10;
constexpr std::size_t kTurn = 4U << 20;
constexpr int kMaxTurns = 16;

void append_member(Bytes& body, std::string_view name, const std::optional<std::string>& id) {
  if (!id) return;
  if (body.back() != '{') body += ',';
  append_json_string(body, name);
  body += ':';
  append_json_string(body, *id);
}

// `"damaged"`: {"id": ...}, or {"after": ..., "before": ...} of what cannot be told apart.
void append_damaged(Bytes& body, const std::vector<Unreadable>& damaged) {
  if (damaged.empty()) return;
  body += ",\"damaged\":[";
  for (const Unreadable& one : damaged) {
    if (body.back() != '[') body += ',';
    body += '{';
    append_member(body, "id", one.id);
    append_member(body, "after", one.after);
    append_member(body, "before", one.before);
    body += '}';
  }
  body += ']';
}

Bytes page_text(const HandlerDeps& deps, const ListPage& page) {
  Bytes body = "{\"items\":[";
  std::string_view separator;
  for (const WasmMetaData& meta_data : page.items) {
    body += separator;
    append_resource(body, meta_data, deps.modules.status_of(meta_data));
    separator = ",";
  }
  body += ']';
  append_damaged(body, page.damaged);
  if (page.next) {
    body += ",\"next\":";
    append_json_string(body, *page.next);
  }
  body += '}';
  return body;
}

Reply page_reply(const HandlerDeps& deps, const Request& request, const ListPage& page,
                 Bytes text) {
  Result<Reply> reply = deps.answers.reply(std::move(text));
  if (!reply) return problem(reply.error(), request.request_id);
  if (page.next) reply->add_header("Link", next_link(request, *page.next));
  return *std::move(reply);
}

// Adds what was found from where `page` ended.
void append_page(ListPage& page, ListPage found) {
  std::ranges::move(found.items, std::back_inserter(page.items));
  std::ranges::move(found.damaged, std::back_inserter(page.damaged));
  page.next = std::move(found.next);
  page.paused = found.paused;
}

Task<Result<ListPage>> scan_on(const HandlerDeps& deps, const ListQuery& query) {
  std::move_only_function<Result<ListPage>()> scan = [modules = &deps.modules, query] {
    return modules->list(query, {.bytes = kTurn});
  };
  return deps.helpers.run<ListPage>(std::move(scan));
}

// What the event loop had no time for, beside it, in turns with others' work there. A page that
// took too many is answered as it is, and goes on behind what was looked at.
Task<Reply> list_on(const HandlerDeps& deps, Request& request, ListQuery query, ListPage page) {
  for (int turn = 0; page.paused && turn < kMaxTurns; ++turn) {
    query.after = *page.next;
    auto scanning = scan_on(deps, query);
    Result<ListPage> found = co_await std::move(scanning);
    if (!found) co_return problem(found.error(), request.request_id);
    query.limit -= found->items.size();
    append_page(page, *std::move(found));
  }
  const auto whole = std::make_shared<const ListPage>(std::move(page));
  std::move_only_function<Result<Bytes>()> write = [deps = &deps, whole]() -> Result<Bytes> {
    return page_text(*deps, *whole);
  };
  auto writing = deps.helpers.run<Bytes>(std::move(write));
  Result<Bytes> text = co_await std::move(writing);
  if (!text) co_return problem(text.error(), request.request_id);
  co_return page_reply(deps, request, *whole, *std::move(text));
}

Answer list_wasm(const HandlerDeps& deps, Request& request) {
  Result<ListRequest> list = parse_list_request(request);
  if (!list) return problem(list.error(), request.request_id);
  Result<ListPage> page =
      list->none ? ListPage{} : deps.modules.list(list->query, {kOnLoop, /*at_least_one=*/false});
  if (!page) return problem(page.error(), request.request_id);
  if (!page->paused) return page_reply(deps, request, *page, page_text(deps, *page));
  list->query.limit -= page->items.size();
  return list_on(deps, request, std::move(list->query), *std::move(page));
}

}  // namespace

void register_wasm_list(Router& router, const HandlerDeps& deps) {
  router.bind("list_wasm", [&deps](Request& request) { return list_wasm(deps, request); });
}

}  // namespace wasm_server
