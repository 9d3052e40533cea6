#include "handlers/list_query.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/id.h"

namespace wasm_server {
namespace {

constexpr std::size_t kMaxLimit = 1000;

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

Result<std::size_t> parse_limit(const Request& request, std::size_t standard) {
  const std::optional<std::string> text = request.query_value("limit");
  if (!text) return standard;
  std::size_t limit = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, limit);
  if (error != std::errc{} || stop != end || limit < 1 || limit > kMaxLimit) {
    return bad("the parameter limit must be an integer from 1 to " + std::to_string(kMaxLimit));
  }
  return limit;
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
  list.none = *text == "component" || *text == "http";
  if (list.query.kind || list.none) return {};
  return bad("the parameter kind must be one of module, command, component, http");
}

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  for (const char c : text) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alnum || kUnreserved.find(c) != kUnreserved.npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

}  // namespace

Result<ListRequest> parse_list_request(const Request& request) {
  ListRequest list;
  Result<std::size_t> limit = parse_limit(request, list.query.limit);
  if (!limit) return std::unexpected{std::move(limit).error()};
  Result<std::string> after = parse_id(request, "after");
  if (!after) return std::unexpected{std::move(after).error()};
  Result<std::string> prefix = parse_id(request, "prefix");
  if (!prefix) return std::unexpected{std::move(prefix).error()};
  list.query.limit = *limit;
  list.query.after = *std::move(after);
  list.query.prefix = *std::move(prefix);
  Result<void> rest = parse_labels(request, list.query);
  if (rest) rest = parse_kind(request, list);
  if (!rest) return std::unexpected{std::move(rest).error()};
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
