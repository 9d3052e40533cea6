#pragma once

// An answer as the handlers make it. The session adds Content-Length or chunked coding, Date,
// Connection and X-Request-Id, and leaves the body out for HEAD, 204 and 304.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "http/header_fields.h"

namespace wasm_server {

// A body that is not in memory as a whole. Used on the session's event loop only; destroyed early
// when the client goes away.
class BodySource {
 public:
  virtual ~BodySource() = default;

  // The length, when it is known; otherwise the body is sent chunked (or to the end of the
  // connection on HTTP/1.0).
  virtual std::optional<std::uint64_t> size() const = 0;

  // The next bytes, valid until the next call; empty at the end. After an error the connection is
  // cut, so that the client cannot take a part for the whole.
  virtual Task<Result<ByteView>> next() = 0;

  // By when the piece that next() gave must have been taken by the client; else the connection is
  // cut, and the source dropped, up to half a second later.
  virtual std::chrono::steady_clock::time_point deadline() const {
    return std::chrono::steady_clock::time_point::max();
  }

  // Whether the header is to go out before the first piece, because that may take its time. What
  // fails from then on cuts the connection.
  virtual bool sends_header_first() const { return false; }

  // After the end: trailer fields, sent when the body was chunked (RFC 9110, section 6.5). The
  // reply must announce their names in a Trailer header.
  virtual HeaderFields trailers() { return {}; }
};

struct Reply {
  unsigned status = 200;
  std::string_view
      content_type;      // a literal or a string that outlives the request; empty: no such header
  HeaderFields headers;  // the others
  std::variant<Bytes, SharedBytes, std::unique_ptr<BodySource>> body;
  // Work that the client need not wait for: called when the answer is on its way, or dropped
  // without being called when there is none. At once, however slowly the client reads.
  std::move_only_function<void()> afterwards;
  // What Content-Length says on an answer to HEAD, when it is not the size of `body`.
  std::optional<std::uint64_t> head_length;

  // Does that work, if it was not done yet.
  void do_afterwards() {
    if (afterwards) std::exchange(afterwards, nullptr)();
  }

  void add_header(std::string_view name, std::string_view value) { headers.add(name, value); }
};

// The problem document of the contract's section 5. Logs `error.log`, with the request id, when
// there is one.
Reply problem(const Error& error, std::string_view request_id);

// `extra` is more members of the document: either empty or `,"name":value...`.
Reply problem(const Error& error, std::string_view request_id, std::string_view extra);

Reply json_reply(unsigned status, Bytes body);

}  // namespace wasm_server
