#include "http/router.h"

#include <algorithm>
#include <stdexcept>

#include "base/id.h"

namespace wasm_server {
namespace {

constexpr std::string_view kIdSegment = "{id}";
constexpr std::string_view kRestSegment = "*";
constexpr std::string_view kEverything = "GET, HEAD, POST, PUT, DELETE, OPTIONS";

std::size_t index_of(Method method) { return static_cast<std::size_t>(method); }

// Takes the next segment off `path`, which starts with '/'.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_encoded(std::string_view segment, std::string_view literal) {
  const auto decoded = percent_decode(segment, false);
  return decoded && *decoded == literal;
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

[[noreturn]] void refuse(std::string_view what, std::string_view name) {
  throw std::logic_error(std::string(what).append(": ").append(name));
}

}  // namespace

Router::Router(std::span<const Route> routes) : routes_(routes), handlers_(routes.size()) {
  for (Index i = 0; i < routes.size(); ++i) add(i);
}

void Router::add(Index index) {
  const Route& route = routes_[index];
  if (std::ranges::count(routes_, route.name, &Route::name) > 1) {
    refuse("two routes have one name", route.name);
  }
  Index at = 0;
  for (std::string_view rest = route.pattern; !rest.empty();) at = child(at, next_segment(rest));
  Node& node = nodes_[at];
  Index& place = node.routes[index_of(route.method)];
  if (place != kNone) refuse("two routes have one method and pattern", route.name);
  place = index;
  node.allow.clear();
  for (const Method method : {Method::kGet, Method::kPost, Method::kPut, Method::kDelete}) {
    if (node.routes[index_of(method)] == kNone) continue;
    node.allow.append(method_name(method)).append(", ");
    if (method == Method::kGet) node.allow += "HEAD, ";
  }
  node.allow += "OPTIONS";
}

Router::Index Router::child(Index parent, std::string_view segment) {
  Node& node = nodes_[parent];
  const Index fresh = nodes_.size();
  if (segment == kIdSegment || segment == kRestSegment) {
    Index& link = segment == kIdSegment ? node.id : node.rest;
    if (link != kNone) return link;
    link = fresh;
  } else {
    const auto same = [segment](const auto& literal) { return literal.first == segment; };
    const auto found = std::ranges::find_if(node.literals, same);
    if (found != node.literals.end()) return found->second;
    node.literals.emplace_back(segment, fresh);
  }
  nodes_.emplace_back();
  return fresh;
}

void Router::bind(std::string_view name, Handler handler) {
  const auto route = std::ranges::find(routes_, name, &Route::name);
  if (route == routes_.end()) refuse("no route has this handler's name", name);
  Handler& place = handlers_[static_cast<Index>(route - routes_.begin())];
  if (place) refuse("a route has two handlers", name);
  place = std::move(handler);
}

void Router::check_complete() const {
  for (Index i = 0; i < routes_.size(); ++i) {
    if (!handlers_[i]) refuse("a route has no handler", routes_[i].name);
  }
}

// Null when no pattern matches what is left of the path behind `node`. As deep as the longest one.
// `escaped`: something in the path is percent-encoded.
const Router::Node* Router::find(const Node& node, std::string_view path, bool escaped,
                                 Wildcards& wildcards) const {
  if (path.empty()) return node.allow.empty() ? nullptr : &node;
  const std::string_view behind_slash = path.substr(1);
  const std::string_view segment = next_segment(path);
  for (const auto& [literal, child] : node.literals) {
    if (segment != literal && !(escaped && is_encoded(segment, literal))) continue;
    if (const Node* found = find(nodes_[child], path, escaped, wildcards)) return found;
  }
  if (node.id != kNone) {
    const Node* const found = find(nodes_[node.id], path, escaped, wildcards);
    if (found != nullptr) {
      wildcards.id = segment;
      return found;
    }
  }
  if (node.rest == kNone) return nullptr;
  wildcards.rest = behind_slash;
  return &nodes_[node.rest];
}

Router::Match Router::match_method(const Node& node, Method method) const {
  Match match;
  const Method answered_as = method == Method::kHead ? Method::kGet : method;
  Index route = node.routes[index_of(answered_as)];
  if (route == kNone) route = node.routes[index_of(Method::kAny)];
  if (route != kNone) {
    match.outcome = Outcome::kHandler;
    match.route = &routes_[route];
    match.handler = &handlers_[route];
    return match;
  }
  match.outcome = method == Method::kOptions ? Outcome::kOptions : Outcome::kMethodNotAllowed;
  match.allow = node.allow;
  return match;
}

Router::Match Router::match(Method method, std::string_view path) const {
  if (path == "*") return match_asterisk(method);
  if (!path.starts_with('/')) return no_match(Outcome::kBadPath);
  const bool escaped = path.find('%') != path.npos;
  if (escaped && !percent_decode(path, false)) return no_match(Outcome::kBadPath);
  Wildcards wildcards;
  const Node* const node = find(nodes_.front(), path, escaped, wildcards);
  if (node == nullptr) return no_match(Outcome::kNotFound);
  Match match = match_method(*node, method);
  match.rest = wildcards.rest;
  if (wildcards.id.data() == nullptr) return match;
  if (escaped) {
    match.id = *percent_decode(wildcards.id, false);
  } else {
    match.id = wildcards.id;
  }
  if (!is_valid_id(match.id)) return no_match(Outcome::kNotFound);
  return match;
}

}  // namespace wasm_server
