#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

#include "base/result.h"
#include "http/request.h"

namespace wasm_server {

// Parses one request: its header, and its body when that is chunked (for the others, see
// http/h1/body_decoder.h). Stricter than Beast's grammar where leniency lets two readers
// disagree about where a request ends: RFC 9112, sections 5.2, 6.1, 6.3 and 3.2. It keeps offsets,
// not pointers, so that the input may be moved while it is incomplete.
class RequestParser final : private boost::beast::http::basic_parser<true> {
  using Base = boost::beast::http::basic_parser<true>;
  using BeastError = boost::beast::error_code;
  using BeastString = boost::beast::string_view;

 public:
  enum class Status { kNeedMore, kDone, kFailed };
  struct Failure {
    ErrorCode code;
    const char* message;
  };

  RequestParser() = default;

  // Ready for the next request.
  void reset();

  // Goes on with the header, which starts at `start`; `pending` is what of it was not consumed yet.
  // Adds to `consumed` what was used. At most `limit` bytes of header.
  Status parse_head(const char* start, std::string_view pending, std::size_t& consumed,
                    std::size_t limit);

  // After kDone: the request's parts, as views of the bytes from `start`. kFailed: what they say is
  // refused.
  Status fill_request(const char* start, Request& request);

  bool keep_alive() const { return Base::keep_alive(); }
  bool is_http11() const { return version_ == 11; }
  bool is_chunked() const { return Base::chunked(); }
  bool expects_continue() const { return expects_continue_ && is_http11(); }
  std::uint64_t content_length() const { return Base::content_length().value_or(0); }

  // Chunked bodies, after kDone of the header, up to `limit` bytes.
  void start_chunks(std::uint64_t limit);
  // Goes on until there is some data, put into `data` as a view of `pending`, which may end
  // anywhere; kDone without data: the end of the body. Adds to `consumed` what was used.
  Status parse_chunks(std::string_view pending, std::size_t& consumed, std::string_view& data);
  // What is still to come of the current chunk's data, which may be read into its place directly,
  // and then told here.
  std::uint64_t chunk_left() const { return chunk_left_; }
  void took_chunk_data(std::string_view data);

  // After kFailed.
  const Failure& failure() const { return failure_; }

 private:
  struct Span {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Span name;
    Span value;
  };

  Span span_of(BeastString text) const;
  Status fail(ErrorCode code, const char* message);
  Status fail(const BeastError& error);
  Status check_framing();
  // Stops Beast, with the reason why.
  void refuse(const char* message, BeastError& error);
  bool is_folded(BeastString name, BeastString value) const;
  Status split_target(std::string_view target, Request& request);

  void on_request_impl(boost::beast::http::verb verb, BeastString method, BeastString target,
                       int version, BeastError& error) override;
  void on_field_impl(boost::beast::http::field field, BeastString name, BeastString value,
                     BeastError& error) override;
  void on_header_impl(BeastError& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, BeastError& error) override;
  void on_chunk_header_impl(std::uint64_t size, BeastString extensions, BeastError& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, BeastString data,
                                 BeastError& error) override;
  void on_finish_impl(BeastError& error) override;
  void on_response_impl(int, BeastString, int, BeastError&) override {}
  std::size_t on_body_impl(BeastString, BeastError&) override { return 0; }

  const char* start_ = nullptr;
  const char* end_ = nullptr;  // of what was received
  std::vector<Field> fields_;
  Span method_text_;
  Span target_;
  Span host_;
  Method method_ = Method::kOther;
  int version_ = 0;
  unsigned hosts_ = 0;
  unsigned encodings_ = 0;
  bool expects_continue_ = false;
  bool in_body_ = false;
  Failure failure_{ErrorCode::kBadRequest, ""};

  std::uint64_t left_ = 0;  // of the body's limit
  std::uint64_t chunk_left_ = 0;
  std::string_view chunk_data_;  // found by the last step
};

}  // namespace wasm_server
