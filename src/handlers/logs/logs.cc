#include "handlers/logs/logs.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "handlers/logs/followed_log.h"
#include "services/execution_entry_json.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kMaxEntries = 1000;
constexpr std::uint64_t kUsualEntries = 100;

struct Query {
  std::uint64_t limit = kUsualEntries;
  std::optional<std::uint64_t> after;
  bool follow = false;
};

Result<Query> parse_query(const Request& request) {
  Query query;
  if (const auto text = request.query_value("limit")) {
    const auto limit = parse_unsigned(*text);
    if (!limit || *limit < 1 || *limit > kMaxEntries)
      return fail(ErrorCode::kBadRequest, "limit must be a number from 1 to 1000");
    query.limit = *limit;
  }
  auto after = request.query_value("after");
  // What a browser's EventSource says when it comes back.
  if (const auto last = request.header("last-event-id"); !last.empty()) after = last;
  if (after) {
    query.after = parse_unsigned(*after);
    if (!query.after) return fail(ErrorCode::kBadRequest, "after must be the number of an entry");
  }
  const std::string follow = request.query_value("follow").value_or("false");
  if (follow != "true" && follow != "false")
    return fail(ErrorCode::kBadRequest, "follow must be true or false");
  query.follow = follow == "true";
  return query;
}

Result<Reply> whole_reply(const HandlerDeps& deps, const WasmMetaData& module, const Query& query) {
  const auto entries = read_log(deps.executions, module, query.after, query.limit);
  Bytes body = "{\"items\":[";
  for (const ExecutionEntry& entry : entries) {
    body += body.back() == '[' ? "{" : ",{";
    append_members(body, entry);
    body += '}';
  }
  body += ']';
  if (query.after && entries.size() == query.limit)
    body += ",\"next\":" + std::to_string(entries.back().number);
  return deps.answers.reply(std::move(body += '}'));
}

Result<Reply> reply_to(const HandlerDeps& deps, Followers& followers, const Request& request) {
  TRY_ASSIGN(const Query query, parse_query(request));
  TRY_ASSIGN(WasmMetaData module, deps.modules.find(request.id));
  if (!query.follow || request.method == Method::kHead) return whole_reply(deps, module, query);
  return followed_log(deps, followers, std::move(module), query.after, query.limit);
}

Reply get_logs(const HandlerDeps& deps, Followers& followers, const Request& request) {
  auto made = reply_to(deps, followers, request);
  Reply reply = made ? *std::move(made) : problem(made.error(), request.request_id);
  reply.add_header("Cache-Control", "no-store");
  reply.add_header("X-Content-Type-Options", "nosniff");
  return reply;
}

}  // namespace

void register_logs(Router& router, const HandlerDeps& deps) {
  const auto followers = std::make_shared<Followers>();
  router.bind("get_logs", [&deps, followers](const Request& request) {
    return get_logs(deps, *followers, request);
  });
}

}  // namespace wasm_server
