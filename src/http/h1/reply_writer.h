#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/reply.h"
#include "http/transport/outgoing.h"

namespace wasm_server {

// Gives answers their form in HTTP/1.1 (RFC 9112): status line, header, framing of the body. It
// sends nothing itself; what it returns refers to it and to what it was given. One answer at a
// time.
class ReplyWriter {
 public:
  // What an answer depends on beside the handler's reply.
  struct Context {
    std::string_view date_line;   // "Date: ...\r\n"
    std::string_view request_id;  // empty: none
    bool is_http11 = true;
    bool is_head = false;  // the request was a HEAD
    bool keeps_alive = true;
  };

  // Whether nothing of the reply's body is sent.
  static bool omits_body(const Reply& reply, const Context& context);

  // The whole of an answer that is in memory, or of one without a body.
  Outgoing whole(const Reply& reply, const Context& context);

  // An answer in pieces, of `size` in all; of unknown size it is chunked, and on HTTP/1.0 it ends
  // with the connection, which must not be kept alive then. The header goes out with the first
  // piece. `end` is for the last bytes; it may be the first.
  void start(const Reply& reply, std::optional<std::uint64_t> size, const Context& context);
  // The header alone, before the first piece.
  Outgoing header();
  Outgoing piece(ByteView bytes);
  Outgoing end(const HeaderFields& trailers);

 private:
  void head(const Reply& reply, std::optional<std::uint64_t> length, const Context& context);

  std::string out_;  // header, small bodies, framing
  bool is_chunked_ = false;
  bool is_sent_ = false;  // what is in `out_`
};

// One line a field, "Name: value\r\n".
void append_fields(std::string& out, const HeaderFields& fields);

}  // namespace wasm_server
