#include "jobs/preconditions.h"

#include <algorithm>

namespace wasm_server {
namespace {

bool contains(const std::vector<std::string>& tags, const std::string& etag) {
  return std::ranges::find(tags, etag) != tags.end();
}

}  // namespace

bool Preconditions::hold(const std::optional<std::string>& etag) const {
  if (if_match_any && !etag) return false;
  if (!if_match_any && !if_match.empty() && (!etag || !contains(if_match, *etag))) return false;
  if (if_none_match_any && etag) return false;
  return !etag || !contains(if_none_match, *etag);
}

bool Preconditions::empty() const {
  return !if_match_any && if_match.empty() && !if_none_match_any && if_none_match.empty();
}

}  // namespace wasm_server
