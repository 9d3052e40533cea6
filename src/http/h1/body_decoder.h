#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/h1/parser.h"

namespace wasm_server {

// Finds a request's body in what a client sends behind the header: with a Content-Length or chunked
// (RFC 9112, sections 6 and 7). It reads nothing itself.
class BodyDecoder {
 public:
  enum class Status { kData, kNeedMore, kEnd, kFailed };

  // Of the request whose header `parser` has parsed, up to `limit` bytes.
  void start(RequestParser& parser, std::uint64_t limit);

  // The next data, as a view of `pending`, which may end anywhere; adds to `consumed` what was
  // used.
  Status decode(std::string_view pending, std::size_t& consumed, std::string_view& data);

  // How much data comes next in any case. Not 0 after kNeedMore: it may be read into its place
  // directly, and is then told here.
  std::uint64_t expected() const { return is_chunked_ ? parser_->chunk_left() : left_; }
  void took(std::string_view data);

  bool has_ended() const { return ended_; }
  bool is_chunked() const { return is_chunked_; }
  // After kFailed.
  const RequestParser::Failure& failure() const { return parser_->failure(); }

 private:
  RequestParser* parser_ = nullptr;
  bool is_chunked_ = false;
  bool ended_ = true;
  std::uint64_t left_ = 0;  // of a body with a Content-Length
};

}  // namespace wasm_server
