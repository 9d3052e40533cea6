#include "handlers/modules/list_query.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/id.h"
#include "base/percent_encoding.h"
#include "base/text.h"

namespace wasm_server {
namespace {

constexpr std::size_t kMaxLimit = 1000;

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

Result<std::size_t> parse_limit(const Request& request, std::size_t standard) {
  const std::optional<std::string> text = request.query_value("limit");
  if (!text) return standard;
  const auto limit = parse_positive(*text);
  if (!limit || *limit > kMaxLimit) {
    return bad("the parameter limit must be an integer from 1 to " + std::to_string(kMaxLimit));
  }
  return *limit;
}

// Empty, an id or, what is the same, the beginning of one.
Result<std::string> parse_id(const Request& request, std::string_view name) {
  std::string text = request.query_value(name).value_or("");
  if (text.empty() || is_valid_id(text)) return text;
  return bad("the parameter " + std::string(name) + " cannot be part of an id");
}

Result<void> parse_labels(const Request& request, ListQuery& query) {
  for (const std::string& text : request.query_values("label")) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos) {
      return bad("the parameter label must look like label=key=value");
    }
    query.labels.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return {};
}

Result<void> parse_kind(const Request& request, ListRequest& list) {
  const std::optional<std::string> text = request.query_value("kind");
  if (!text) return {};
  list.query.kind = module_kind_from_text(*text);
  if (list.query.kind) return {};
  return bad("the parameter kind must be one of module, command, component, http");
}

// What the request may not name, it does not see.
void keep_to(std::string_view id_prefix, ListRequest& list) {
  std::string& prefix = list.query.prefix;
  if (prefix.starts_with(id_prefix)) return;
  if (!id_prefix.starts_with(prefix)) list.none = true;
  prefix = id_prefix;
}

}  // namespace

Result<ListRequest> parse_list_request(const Request& request) {
  ListRequest list;
  TRY_ASSIGN(list.query.limit, parse_limit(request, list.query.limit));
  TRY_ASSIGN(list.query.after, parse_id(request, "after"));
  TRY_ASSIGN(list.query.prefix, parse_id(request, "prefix"));
  TRY(parse_labels(request, list.query));
  TRY(parse_kind(request, list));
  keep_to(request.id_prefix, list);
  return list;
}

std::string next_link(const Request& request, std::string_view next) {
  std::string link = "</wasm?";
  for (const std::string_view name : {"limit", "prefix", "kind", "label"}) {
    for (const std::string& value : request.query_values(name)) {
      link += std::string(name) + "=";
      append_percent_encoded(link, value);
      link += '&';
    }
  }
  link += "after=";
  append_percent_encoded(link, next);
  return link + ">; rel=\"next\"";
}

}  // namespace wasm_server
