#include "http/h1/parser.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <boost/beast/http/error.hpp>

#include "base/text.h"
#include "http/authority.h"

namespace wasm_server {
namespace {

namespace http = boost::beast::http;

// A last chunk with its empty trailer, "0\r\n\r\n": nothing between two pieces of chunk data is
// shorter, and Beast asserts that it is not shown less.
constexpr std::size_t kShortestChunkHeader = 5;

std::string_view view_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Methods are case-sensitive; the ones that we do not know are answered by the router.
Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    case http::verb::put:
      return Method::kPut;
    case http::verb::delete_:
      return Method::kDelete;
    case http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

const char* explain(http::error error) {
  switch (error) {
    case http::error::bad_method:
      return "malformed method in the request line";
    case http::error::bad_target:
      return "malformed target in the request line";
    case http::error::bad_version:
      return "the request line must end with HTTP/1.1 or HTTP/1.0";
    case http::error::bad_field:
      return "malformed header field name";
    case http::error::bad_value:
      return "malformed header field value";
    case http::error::bad_line_ending:
      return "lines must end with CR LF";
    case http::error::bad_content_length:
      return "invalid Content-Length, or one beside Transfer-Encoding";
    case http::error::multiple_content_length:
      return "several different Content-Lengths";
    case http::error::bad_transfer_encoding:
      return "Transfer-Encoding twice, or beside Content-Length";
    case http::error::bad_chunk:
      return "malformed chunk";
    case http::error::bad_chunk_extension:
      return "malformed chunk extension";
    default:
      return "malformed request";
  }
}

}  // namespace

void RequestParser::reset() {
  RequestParser fresh;
  Base::operator=(std::move(fresh));
  fields_.clear();
  version_ = 0;
  hosts_ = encodings_ = 0;
  expects_continue_ = in_body_ = false;
  failure_ = {ErrorCode::kBadRequest, ""};
  chunk_left_ = 0;
}

RequestParser::Status RequestParser::fail(ErrorCode code, const char* message) {
  failure_ = {code, message};
  return Status::kFailed;
}

RequestParser::Status RequestParser::fail(const BeastError& error) {
  if (*failure_.message != '\0') return Status::kFailed;  // explained where it was found
  if (error == http::error::header_limit) {
    return fail(ErrorCode::kHeadersTooLarge, "the request's header is too large");
  }
  return fail(ErrorCode::kBadRequest, explain(static_cast<http::error>(error.value())));
}

RequestParser::Status RequestParser::parse_head(const char* start, std::string_view pending,
                                                std::size_t& consumed, std::size_t limit) {
  start_ = start;
  end_ = pending.data() + pending.size();
  if (!Base::got_some()) {
    Base::header_limit(static_cast<std::uint32_t>(limit));
    Base::body_limit(boost::none);
  }
  BeastError error;
  const std::size_t taken =
      Base::put(boost::asio::const_buffer(pending.data(), pending.size()), error);
  consumed += taken;
  const auto size = static_cast<std::size_t>(pending.data() + taken - start);
  const bool incomplete = error == http::error::need_more;
  const std::size_t known = incomplete ? static_cast<std::size_t>(end_ - start) : size;
  if (known > limit) return fail(http::error::header_limit);
  if (incomplete) return Status::kNeedMore;
  if (error) return fail(error);
  return check_framing();
}

RequestParser::Status RequestParser::check_framing() {
  if (hosts_ > 1) return fail(ErrorCode::kBadRequest, "more than one Host");
  if (hosts_ == 0 && is_http11()) return fail(ErrorCode::kBadRequest, "Host is missing");
  if (encodings_ == 0) return Status::kDone;
  if (!is_http11()) return fail(ErrorCode::kBadRequest, "Transfer-Encoding needs HTTP/1.1");
  return Status::kDone;
}

RequestParser::Status RequestParser::fill_request(const char* start, Request& request) {
  const auto view = [start](Span span) { return std::string_view(start + span.offset, span.size); };
  request.method = method_;
  request.method_text = view(method_text_);
  request.headers.clear();
  for (const Field& field : fields_)
    request.headers.push_back({view(field.name), view(field.value)});
  request.host = hosts_ == 0 ? std::string_view{} : view(host_);
  return split_target(view(target_), request);
}

// origin-form, absolute-form or "*" (RFC 9112, section 3.2).
RequestParser::Status RequestParser::split_target(std::string_view target, Request& request) {
  if (target.find('#') != target.npos)
    return fail(ErrorCode::kBadRequest, "a fragment in the request's target");
  if (!target.starts_with('/') && target != "*") {
    const std::size_t authority = target.find("://");
    const std::string_view scheme = target.substr(0, authority);
    if (authority == target.npos ||
        !(equals_lower(scheme, "http") || equals_lower(scheme, "https"))) {
      return fail(ErrorCode::kBadRequest, "the request's target must be a path or an http URL");
    }
    target.remove_prefix(authority + 3);
    // It goes before Host (RFC 9112, section 3.2.2).
    request.host = target.substr(0, target.find_first_of("/?"));
    if (!parse_authority(request.host)) {
      return fail(ErrorCode::kBadRequest, "invalid host in the request's target");
    }
    target.remove_prefix(request.host.size());
  }
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (request.path.empty()) request.path = "/";
  request.query = question == target.npos ? std::string_view{} : target.substr(question + 1);
  return Status::kDone;
}

void RequestParser::start_chunks(std::uint64_t limit) {
  left_ = limit;
  in_body_ = true;
}

// Beast stops after each piece of data.
RequestParser::Status RequestParser::parse_chunks(std::string_view pending, std::size_t& consumed,
                                                  std::string_view& data) {
  chunk_data_ = {};
  while (chunk_data_.empty() && !Base::is_done()) {
    if (pending.size() < (chunk_left_ > 0 ? 1 : kShortestChunkHeader)) return Status::kNeedMore;
    BeastError error;
    const std::size_t taken =
        Base::put(boost::asio::const_buffer(pending.data(), pending.size()), error);
    consumed += taken;
    pending.remove_prefix(taken);
    if (error == http::error::need_more) return Status::kNeedMore;
    if (error) return fail(error);
  }
  data = chunk_data_;
  return Status::kDone;
}

void RequestParser::took_chunk_data(std::string_view data) {
  BeastError error;
  Base::put(boost::asio::const_buffer(data.data(), data.size()), error);
}

RequestParser::Span RequestParser::span_of(BeastString text) const {
  return {static_cast<std::uint32_t>(text.data() - start_),
          static_cast<std::uint32_t>(text.size())};
}

void RequestParser::refuse(const char* message, BeastError& error) {
  failure_ = {ErrorCode::kBadRequest, message};
  error = http::error::bad_value;
}

// Beast joins the lines of a folded value in a buffer of its own, or skips an empty first line.
bool RequestParser::is_folded(BeastString name, BeastString value) const {
  const std::less<const char*> before;
  if (before(value.data(), name.data()) || before(end_, value.data())) return true;
  return std::find(name.data() + name.size(), value.data(), '\r') != value.data();
}

void RequestParser::on_request_impl(http::verb verb, BeastString method, BeastString target,
                                    int version, BeastError&) {
  method_ = method_of(verb);
  method_text_ = span_of(method);
  target_ = span_of(target);
  version_ = version;
}

void RequestParser::on_field_impl(http::field field, BeastString name, BeastString value,
                                  BeastError& error) {
  if (in_body_) return;  // a trailer
  if (is_folded(name, value)) return refuse("a header field folded over several lines", error);
  fields_.push_back({span_of(name), span_of(value)});
  if (field == http::field::host) {
    ++hosts_;
    host_ = span_of(value);
    if (!parse_authority(view_of(value))) refuse("invalid Host", error);
  } else if (field == http::field::transfer_encoding) {
    if (++encodings_ > 1 || !equals_lower(view_of(value), "chunked")) {
      refuse("the only Transfer-Encoding accepted is chunked", error);
    }
  } else if (field == http::field::expect) {
    expects_continue_ = equals_lower(view_of(value), "100-continue");
    if (!expects_continue_) refuse("the only expectation accepted is 100-continue", error);
  }
}

void RequestParser::on_header_impl(BeastError&) {}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) {}

void RequestParser::on_chunk_header_impl(std::uint64_t size, BeastString, BeastError& error) {
  if (size > left_) {
    failure_ = {ErrorCode::kPayloadTooLarge, "the request's body is too large"};
    error = http::error::body_limit;
  }
  chunk_left_ = size;
  left_ -= std::min(left_, size);
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, BeastString data, BeastError&) {
  chunk_data_ = view_of(data);
  chunk_left_ -= data.size();
  return data.size();
}

void RequestParser::on_finish_impl(BeastError&) {}

}  // namespace wasm_server
