#include "handlers/modules/conditions.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "handlers/modules/entity_tag.h"

namespace wasm_server {
namespace {

void skip_separators(std::string_view& rest) {
  const std::size_t begin = rest.find_first_not_of(" \t,");
  rest.remove_prefix(begin == rest.npos ? rest.size() : begin);
}

// Whether only white space stands before the next comma or the end.
bool ends_element(std::string_view rest) {
  const std::size_t next = rest.find_first_not_of(" \t");
  return next == rest.npos || rest[next] == ',';
}

// entity-tag = [ "W/" ] DQUOTE *( %x21 / %x23-7E / obs-text ) DQUOTE. Removes it from `rest`.
std::optional<std::string> take_tag(std::string_view& rest, bool keep_weak_mark) {
  const bool weak = rest.starts_with("W/");
  if (weak) rest.remove_prefix(2);
  if (!rest.starts_with('"')) return std::nullopt;
  const std::size_t close = rest.find('"', 1);
  if (close == rest.npos) return std::nullopt;
  const std::string_view opaque = rest.substr(1, close - 1);
  const bool clean = std::ranges::none_of(
      opaque, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
  rest.remove_prefix(close + 1);
  if (!clean || !ends_element(rest)) return std::nullopt;
  return (weak && keep_weak_mark ? "W/" : "") + std::string(opaque);
}

struct TagList {
  bool any = false;
  std::vector<std::string> tags;
};

Result<TagList> parse_tags(const Request& request, std::string_view lower_name,
                           std::string_view shown_name, bool keep_weak_mark) {
  TagList list;
  if (request.header(lower_name).data() == nullptr) return list;
  const std::string text = request.header_list(lower_name);
  std::string_view rest = text;
  skip_separators(rest);
  if (rest.starts_with('*') && rest.find_first_not_of(" \t", 1) == rest.npos) {
    list.any = true;
    return list;
  }
  // At least one: an empty list would count as no condition at all.
  do {
    std::optional<std::string> tag = take_tag(rest, keep_weak_mark);
    if (!tag) {
      return fail(ErrorCode::kBadRequest,
                  std::string(shown_name) + " is not a list of entity tags");
    }
    list.tags.push_back(*std::move(tag));
    skip_separators(rest);
  } while (!rest.empty());
  return list;
}

bool contains(const std::vector<std::string>& tags, std::string_view etag) {
  return std::ranges::find(tags, etag) != tags.end();
}

}  // namespace

Result<Preconditions> parse_preconditions(const Request& request) {
  TRY_ASSIGN(TagList match, parse_tags(request, "if-match", "If-Match", true));
  TRY_ASSIGN(TagList none, parse_tags(request, "if-none-match", "If-None-Match", false));
  return Preconditions{match.any, std::move(match.tags), none.any, std::move(none.tags)};
}

Result<Preconditions> parse_write_preconditions(const Request& request) {
  TRY_ASSIGN(Preconditions preconditions, parse_preconditions(request));
  for (auto* tags : {&preconditions.if_match, &preconditions.if_none_match}) {
    for (std::string& tag : *tags) tag = std::string(revision_tag(tag));
  }
  return preconditions;
}

ReadVerdict judge_read(const Preconditions& preconditions, std::string_view etag) {
  if (!preconditions.if_match.empty() && !contains(preconditions.if_match, etag)) {
    return ReadVerdict::kPreconditionFailed;
  }
  if (preconditions.if_none_match_any || contains(preconditions.if_none_match, etag)) {
    return ReadVerdict::kNotModified;
  }
  return ReadVerdict::kProceed;
}

}  // namespace wasm_server
