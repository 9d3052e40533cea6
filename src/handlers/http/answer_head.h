#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "engine/runnable/http_exchange.h"
#include "http/header_fields.h"

namespace wasm_server {

// The head of a handler's answer, as it is sent: what frames it is the server's.
struct AnswerHead {
  unsigned status = 200;
  HeaderFields fields;                          // without the connection's own and Content-Length
  std::optional<std::uint64_t> content_length;  // that the guest promises
  bool announces_trailers = false;

  // Whether it has no body, whatever the guest writes and the method is.
  bool is_without_body() const { return status == 204 || status == 205 || status == 304; }
};

// kBadGuestAnswer says what of it is not HTTP: an interim status, a name or value that no field can
// have, a Content-Length that is no number or two of them.
Result<AnswerHead> make_answer_head(unsigned status, const HttpFields& fields);

// Those that may be sent behind the body; the others are left out.
HeaderFields make_trailers(const HttpFields& fields);

}  // namespace wasm_server
