#pragma once

#include <optional>
#include <string>
#include <vector>

namespace wasm_server {

// RFC 9110, section 13: entity tags without quotes. A write's are checked by the runner, when the
// job's turn comes, so that of two racing writes with one tag exactly one succeeds.
struct Preconditions {
  bool if_match_any = false;  // If-Match: *
  std::vector<std::string> if_match{};
  bool if_none_match_any = false;  // If-None-Match: *
  std::vector<std::string> if_none_match{};

  // `etag` is the current one, or empty when there is no such module.
  bool hold(const std::optional<std::string>& etag) const;
  bool empty() const;

  friend bool operator==(const Preconditions&, const Preconditions&) = default;
};

}  // namespace wasm_server
