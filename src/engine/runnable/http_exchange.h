#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "engine/runnable/output_sink.h"

namespace wasm_server {

// Header or trailer fields: name and value, in the order in which they are sent.
using HttpFields = std::vector<std::pair<std::string, std::string>>;

// The head of a request, as a guest sees it.
struct HttpRequestHead {
  std::string method;           // "GET", "PATCH", ...
  std::string scheme;           // "http" or "https"
  std::string authority;        // "example.org:8080"
  std::string path_with_query;  // "/a/b?c=d", as it was sent
  HttpFields fields;
};

// One request that a guest of wasi:http handles, and its answer: all that the guest's side sees of
// HTTP. The other side is the server's session. What it writes to it as a sink is the answer's
// body. Called on whatever thread runs the guest, by one at a time.
class HttpExchange : public OutputSink {
 public:
  // Never changes.
  virtual const HttpRequestHead& request() const = 0;

  enum class BodyRead : std::uint8_t {
    kPiece,    // there are bytes
    kWait,     // not yet: the guest is suspended, and whoever runs it polls it again when there are
    kEnd,      // that was all of the body
    kAborted,  // the client is gone, or what it sends is no body
  };
  // The next bytes of the request's body, valid until the next call. With the first call the guest
  // has shown that it wants the body.
  virtual BodyRead read_body(ByteView& piece) = 0;

  // The head of the answer, once, before anything is written. `status` is 200 to 599.
  virtual void begin(unsigned status, HttpFields fields) = 0;
  // The answer is whole, once. Without it what was written is only a part of an answer.
  virtual void end(HttpFields trailers) = 0;
};

}  // namespace wasm_server
