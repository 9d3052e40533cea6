#pragma once

#include "http/reply.h"
#include "http/request.h"
#include "http/route.h"

namespace wasm_server {

// Sees each request as soon as its header is there and its route is known, before anything of its
// body is read or asked for, and each reply before it is sent: who may call, how often, what is
// counted. One object per worker, used on its event loop's thread; it must not wait.
class Filter {
 public:
  virtual ~Filter() = default;

  // True: `reply` is the answer, and neither the filters behind this one nor the handler see the
  // request. `route` is null where none was found; the request then gets 400, 404, 405 or the
  // answer to OPTIONS. It may say in the request what those behind it have to know.
  virtual bool answers([[maybe_unused]] Request& request, [[maybe_unused]] const Route* route,
                       [[maybe_unused]] Reply& reply) {
    return false;
  }

  // In the reverse order. Of every answer, other filters' and those to what is no request included;
  // `request` is as far as it was understood.
  virtual void on_reply([[maybe_unused]] const Request& request,
                        [[maybe_unused]] const Route* route, [[maybe_unused]] Reply& reply) {}
};

}  // namespace wasm_server
