#pragma once

// A request as the handlers see it. Owned by the session that read it; handlers run on that
// session's event loop and may keep references to it until they have answered.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace wasm_server {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kOther };

// The client's side of the connection, for handlers that wait.
class Peer {
 public:
  virtual ~Peer() = default;

  // From now on `gone` is called, once and on the session's event loop, if the client closes the
  // connection. Costs a wait on the socket, so call it only when the answer is not there at once.
  virtual void watch(std::move_only_function<void()> gone) = 0;
  virtual void unwatch() = 0;
};

struct Request {
  struct Header {
    std::string_view name;  // as sent
    std::string_view value;
  };

  Method method = Method::kGet;
  std::string_view path;   // still percent-encoded, without the query
  std::string_view query;  // without '?'
  std::vector<Header> headers;
  Bytes body;
  std::string_view request_id;  // the client's, when well-formed, or ours
  std::string_view id;          // the path's {id}, decoded; empty on routes without
  Peer* peer = nullptr;

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

// The media type of a Content-Type value in lower case, without parameters.
std::string media_type(std::string_view content_type);

// Whether an Accept value admits `media_type` at all, and how much it prefers it: the q of the most
// specific range that matches (RFC 9110, section 12.5.1); 0 when none does, 1 for an empty value.
double accept_quality(std::string_view accept, std::string_view media_type);

}  // namespace wasm_server
