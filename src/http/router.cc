#include "http/router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/id.h"

namespace wasm_server {
namespace {

constexpr std::string_view kIdSegment = "{id}";
constexpr std::string_view kEverything = "GET, HEAD, POST, PUT, DELETE, OPTIONS";

std::size_t index_of(Method method) { return static_cast<std::size_t>(method); }

// Takes the next segment off `path`, which starts with '/'.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_literal(std::string_view segment, std::string_view literal) {
  if (segment == literal) return true;
  if (segment.find('%') == segment.npos) return false;
  const auto decoded = percent_decode(segment, false);
  return decoded && *decoded == literal;
}

// The raw text of {id}, or an empty view for a pattern without; nothing when `path` is another
// path.
std::optional<std::string_view> match_segments(const std::vector<std::string>& segments,
                                               std::string_view path) {
  std::string_view id;
  for (const std::string& expected : segments) {
    if (path.empty()) return std::nullopt;
    const std::string_view segment = next_segment(path);
    if (expected == kIdSegment) {
      id = segment;
    } else if (!is_literal(segment, expected)) {
      return std::nullopt;
    }
  }
  if (!path.empty()) return std::nullopt;
  return id;
}

bool is_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  return path.find('%') == path.npos || percent_decode(path, false).has_value();
}

std::string allowed_methods(const std::array<Handler, 7>& handlers) {
  constexpr std::pair<Method, std::string_view> kNames[] = {{Method::kGet, "GET, HEAD, "},
                                                            {Method::kPost, "POST, "},
                                                            {Method::kPut, "PUT, "},
                                                            {Method::kDelete, "DELETE, "}};
  std::string allow;
  for (const auto& [method, name] : kNames) {
    if (handlers[index_of(method)]) allow += name;
  }
  return allow + "OPTIONS";
}

Router::Match match_asterisk(Method method) {
  Router::Match match;
  match.outcome =
      method == Method::kOptions ? Router::Outcome::kOptions : Router::Outcome::kBadPath;
  match.allow = kEverything;
  return match;
}

Router::Match no_match(Router::Outcome outcome) {
  Router::Match match;
  match.outcome = outcome;
  return match;
}

}  // namespace

void Router::add(Method method, std::string_view pattern, Handler handler) {
  std::vector<std::string> segments;
  while (!pattern.empty()) segments.emplace_back(next_segment(pattern));
  auto route = std::ranges::find(routes_, segments, &Route::segments);
  if (route == routes_.end()) route = routes_.insert(route, Route{std::move(segments), {}});
  route->handlers[index_of(method)] = std::move(handler);
}

Router::Match Router::match_method(const Route& route, Method method) {
  Match match;
  const Method answered_as = method == Method::kHead ? Method::kGet : method;
  const Handler& handler = route.handlers[index_of(answered_as)];
  if (handler) {
    match.outcome = Outcome::kHandler;
    match.handler = &handler;
    match.body_allowed = method == Method::kPost || method == Method::kPut;
    return match;
  }
  match.outcome = method == Method::kOptions ? Outcome::kOptions : Outcome::kMethodNotAllowed;
  match.allow = allowed_methods(route.handlers);
  return match;
}

Router::Match Router::match(Method method, std::string_view path) const {
  if (path == "*") return match_asterisk(method);
  if (!is_path(path)) return no_match(Outcome::kBadPath);
  for (const Route& route : routes_) {
    const auto raw_id = match_segments(route.segments, path);
    if (!raw_id) continue;
    Match match = match_method(route, method);
    const bool has_id = raw_id->data() != nullptr;
    if (has_id) match.id = *percent_decode(*raw_id, false);
    if (has_id && !is_valid_id(match.id)) return no_match(Outcome::kNotFound);
    return match;
  }
  return no_match(Outcome::kNotFound);
}

}  // namespace wasm_server
