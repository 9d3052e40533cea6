#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/task.h"
#include "http/reply.h"
#include "http/request.h"

namespace wasm_server {

// A reply that is there at once, or the coroutine that will make it: what can be answered without
// waiting costs no coroutine.
using Answer = std::variant<Reply, Task<Reply>>;

// A handler answers every request that it is given: expected failures become problem documents
// inside it.
using Handler = std::function<Answer(Request&)>;

// The handler_router: maps method and path to a handler. Filled at start, then only read; one per
// worker, so that handlers may hold what belongs to their worker.
class Router {
 public:
  enum class Outcome : std::uint8_t {
    kHandler,           // call `handler`
    kOptions,           // answer 204 with `allow`
    kNotFound,          // no such path, or an {id} that no resource can have
    kMethodNotAllowed,  // 405 with `allow`
    kBadPath,           // not a path at all: bad percent-encoding, no leading '/'
  };

  struct Match {
    Outcome outcome = Outcome::kNotFound;
    const Handler* handler = nullptr;
    std::string id;             // the decoded {id}
    bool body_allowed = false;  // large bodies are read only where a handler takes one
    std::string allow;          // the value of Allow
  };

  // `pattern` is a literal path in which one segment may be {id}, e.g. "/wasm/{id}/revisions". HEAD
  // is answered by the handler of GET. Where two patterns match, the one added first is taken.
  void add(Method method, std::string_view pattern, Handler handler);

  // Called as soon as the header is there, before the body is read. A trailing slash makes another
  // path.
  Match match(Method method, std::string_view path) const;

 private:
  struct Route {
    std::vector<std::string> segments;
    std::array<Handler, 7> handlers;  // by Method
  };

  static Match match_method(const Route& route, Method method);

  std::vector<Route> routes_;
};

}  // namespace wasm_server
