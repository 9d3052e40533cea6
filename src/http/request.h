#pragma once

// A request as the handlers see it. Owned by the session that read it; handlers run on that
// session's event loop and may keep references to it until they have answered.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "http/peer_address.h"

namespace wasm_server {

// kAny is no request's, but that of a route which takes them all.
enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kOther, kAny };

// The client's side of the connection, for handlers that wait.
class Peer {
 public:
  virtual ~Peer() = default;

  // From now on `gone` is called, once and on the session's event loop, if the client closes the
  // connection. Costs a wait on the socket, so call it only when the answer is not there at once.
  virtual void watch(std::move_only_function<void()> gone) = 0;
  // The same while the answer is on its way, in which nothing can stand that asks the client
  // whether it is there: one that closed its side in good order counts as waiting.
  virtual void watch_silently(std::move_only_function<void()> gone) = 0;
  virtual void unwatch() = 0;

  virtual PeerAddress address() = 0;
};

class BodyReader;

struct Request {
  struct Header {
    std::string_view name;  // as sent
    std::string_view value;
  };

  Method method = Method::kGet;
  std::string_view method_text;  // as sent
  std::string_view path;         // still percent-encoded, without the query
  std::string_view query;        // without '?'
  std::string_view host;         // "HOST[:PORT]" that the client means, of the target or of Host
  std::vector<Header> headers;
  Bytes body;                         // as a whole, unless the route streams it
  BodyReader* body_reader = nullptr;  // of a route that does (http/body_reader.h)
  std::string_view request_id;        // the client's, when well-formed, or ours
  std::string_view id;                // the path's {id}, decoded; empty on routes without
  std::string_view rest;              // what a route's * stands for, still percent-encoded
  Peer* peer = nullptr;
  // The trace that it is part of (W3C Trace Context), in hexadecimal digits.
  struct Trace {
    std::string id;         // 32 digits; empty: none
    std::string parent_id;  // 16, of the client's span; empty: it begins here
    std::string span_id;    // 16, of this request
    bool is_sampled = false;
  };
  Trace trace;
  bool is_secure = false;    // it came by TLS
  bool is_operator = false;  // it came in by the operator's own socket: it may do everything
  std::string token_id;      // of the access token that it came with; empty: none
  std::string id_prefix;     // of every id that it may name; empty: any
  // What may be stored under that prefix with it; empty: any number.
  std::optional<std::uint64_t> max_modules;
  std::optional<std::uint64_t> max_bytes;
  std::chrono::steady_clock::time_point began;  // when its header was there

  // The first value of a header, by its lower-case name; null (not just empty) when missing.
  std::string_view header(std::string_view lower_case_name) const;
  // All values joined by ", " (RFC 9110, section 5.3); empty when missing.
  std::string header_list(std::string_view lower_case_name) const;

  // The decoded value of the first query parameter of that name ('+' is a space, as in forms).
  std::optional<std::string> query_value(std::string_view name) const;
  std::vector<std::string> query_values(std::string_view name) const;
};

// Percent-decoding; empty when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace wasm_server
