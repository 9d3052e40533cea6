#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "http/reply.h"
#include "http/request.h"

namespace wasm_server {

// A handler answers every request that it is given: expected failures become problem documents inside it.
using Handler = std::function<Task<Reply>(Request&)>;

// The handler_router: maps method and path to a handler. Filled at start, then only read; one per worker, so that
// handlers may hold what belongs to their worker.
class Router {
 public:
  struct Match {
    const Handler* handler = nullptr;  // null: answer with `failure`
    std::string id;                    // the decoded {id}
    bool body_allowed = true;          // large bodies are read only where a handler takes one
    Reply failure{};                   // 404 or 405 with Allow, or the answer to OPTIONS
  };

  // `pattern` is a literal path in which one segment may be {id}, e.g. "/wasm/{id}/revisions". HEAD is answered by the
  // handler of GET.
  void add(Method method, std::string_view pattern, Handler handler);

  // Called as soon as the header is there, before the body is read.
  Match match(Method method, std::string_view path) const;

 private:
  struct Route {
    std::vector<std::string> segments;
    std::array<Handler, 7> handlers;
  };

  std::vector<Route> routes_;
};

}  // namespace wasm_server
