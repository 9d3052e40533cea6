#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/task.h"
#include "http/filter.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/route.h"

namespace wasm_server {

// A reply that is there at once, or the coroutine that will make it: what can be answered without
// waiting costs no coroutine.
using Answer = std::variant<Reply, Task<Reply>>;

// A handler answers every request that it is given: expected failures become problem documents
// inside it.
using Handler = std::function<Answer(Request&)>;

// The handler_router: finds the route of a method and a path, and its handler. Filled at start,
// then only read; one per worker, so that handlers may hold what belongs to their worker.
class Router {
 public:
  enum class Outcome : std::uint8_t {
    kHandler,           // call `handler`
    kOptions,           // answer 204 with `allow`
    kNotFound,          // no such path, or an {id} that no resource can have
    kMethodNotAllowed,  // 405 with `allow`
    kBadPath,           // not a path at all: bad percent-encoding, no leading '/'
  };

  // Refers to the router, to its table and to the path.
  struct Match {
    Outcome outcome = Outcome::kNotFound;
    const Route* route = nullptr;  // with kHandler
    const Handler* handler = nullptr;
    std::string id;          // the decoded {id}
    std::string_view rest;   // what * stands for, still encoded
    std::string_view allow;  // the value of Allow
  };

  Router() = default;
  // `routes` must outlive it. Throws std::logic_error where two have the same name, or the same
  // method and pattern.
  explicit Router(std::span<const Route> routes);

  // Gives the route of that name its handler. Throws std::logic_error when there is no such route,
  // or it has one.
  void bind(std::string_view name, Handler handler);
  // Throws std::logic_error, naming it, when a route has no handler. To be called once all are
  // bound.
  void check_complete() const;

  // In the order in which they see a request (http/filter.h).
  void add_filter(std::unique_ptr<Filter> filter) { filters_.push_back(std::move(filter)); }
  std::span<const std::unique_ptr<Filter>> filters() const { return filters_; }

  // Called as soon as the header is there, before the body is read. A trailing slash makes another
  // path; a literal segment goes before {id}, and that before *.
  Match match(Method method, std::string_view path) const;

 private:
  static constexpr std::size_t kNone = SIZE_MAX;
  using Index = std::size_t;

  // Of a tree whose branches are segments.
  struct Node {
    std::vector<std::pair<std::string_view, Index>> literals;
    Index id = kNone;
    Index rest = kNone;
    std::array<Index, 8> routes;  // by Method
    std::string allow;            // empty: no path ends here

    Node() { routes.fill(kNone); }
  };

  // What a path has where its pattern has something else than a literal, as it stands there.
  struct Wildcards {
    std::string_view id;  // null: the pattern has none
    std::string_view rest;
  };

  void add(Index route);
  Index child(Index parent, std::string_view segment);
  const Node* find(const Node& node, std::string_view path, bool escaped, Wildcards& found) const;
  Match match_method(const Node& node, Method method) const;

  std::span<const Route> routes_;
  std::vector<Handler> handlers_;  // by route
  std::vector<std::unique_ptr<Filter>> filters_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
};

}  // namespace wasm_server
