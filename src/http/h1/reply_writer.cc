#include "http/h1/reply_writer.h"

#include <boost/beast/http/status.hpp>

#include "base/text.h"

namespace wasm_server {
namespace {

// Up to this size a body is copied behind its header: cheaper than a second part in the system
// call.
constexpr std::size_t kCopied = 8U << 10;

void append_status_line(std::string& out, unsigned status) {
  out += "HTTP/1.1 ";
  append_number(out, status);
  out += ' ';
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  out.append(reason.data(), reason.size());
  out += "\r\n";
}

void append_line(std::string& out, std::string_view name_and_colon, std::string_view value) {
  if (value.empty()) return;
  out += name_and_colon;
  out += value;
  out += "\r\n";
}

void append_chunk_size(std::string& out, std::uint64_t size) {
  append_number(out, size, 16);
  out += "\r\n";
}

std::string_view connection_of(const ReplyWriter::Context& context) {
  if (!context.keeps_alive) return "close";
  return context.is_http11 ? "" : "keep-alive";
}

std::string_view body_view(const Reply& reply) {
  if (const auto* bytes = std::get_if<Bytes>(&reply.body)) return *bytes;
  const auto* shared = std::get_if<SharedBytes>(&reply.body);
  return shared != nullptr && *shared ? std::string_view(**shared) : std::string_view{};
}

bool has_no_length(unsigned status) { return status == 204 || status == 304; }

}  // namespace

void append_fields(std::string& out, const HeaderFields& fields) {
  for (const auto& [name, value] : fields) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
}

bool ReplyWriter::omits_body(const Reply& reply, const Context& context) {
  return context.is_head || has_no_length(reply.status);
}

void ReplyWriter::head(const Reply& reply, std::optional<std::uint64_t> length,
                       const Context& context) {
  out_.clear();
  append_status_line(out_, reply.status);
  out_ += context.date_line;
  append_line(out_, "Content-Type: ", reply.content_type);
  if (length && !has_no_length(reply.status)) {
    out_ += "Content-Length: ";
    append_number(out_, *length);
    out_ += "\r\n";
  }
  if (is_chunked_) out_ += "Transfer-Encoding: chunked\r\n";
  append_line(out_, "Connection: ", connection_of(context));
  append_line(out_, "X-Request-Id: ", context.request_id);
  append_fields(out_, reply.headers);
  out_ += "\r\n";
}

Outgoing ReplyWriter::whole(const Reply& reply, const Context& context) {
  const std::string_view body = body_view(reply);
  const bool omitted = omits_body(reply, context);
  std::optional<std::uint64_t> length = body.size();
  if (omitted && reply.head_length) length = reply.head_length;
  if (const auto* source = std::get_if<std::unique_ptr<BodySource>>(&reply.body)) {
    length = (*source)->size();
    if (!length) length = reply.head_length;
  }
  is_chunked_ = false;
  head(reply, length, context);
  Outgoing out;
  if (!omitted && body.size() <= kCopied) {
    out_ += body;
    out.add(out_);
  } else {
    out.add(out_);
    if (!omitted) out.add(body);
  }
  return out;
}

void ReplyWriter::start(const Reply& reply, std::optional<std::uint64_t> size,
                        const Context& context) {
  is_chunked_ = !size && context.is_http11;
  head(reply, size, context);
  is_sent_ = false;
}

Outgoing ReplyWriter::header() {
  is_sent_ = true;
  Outgoing out;
  out.add(out_);
  return out;
}

Outgoing ReplyWriter::piece(ByteView bytes) {
  if (is_sent_) out_.clear();
  is_sent_ = true;
  if (is_chunked_) append_chunk_size(out_, bytes.size());
  Outgoing out;
  out.add(out_);
  out.add(bytes);
  if (is_chunked_) out.add("\r\n");
  return out;
}

Outgoing ReplyWriter::end(const HeaderFields& trailers) {
  if (is_sent_) out_.clear();
  is_sent_ = true;
  if (is_chunked_) {
    append_chunk_size(out_, 0);
    append_fields(out_, trailers);
    out_ += "\r\n";
  }
  Outgoing out;
  out.add(out_);
  return out;
}

}  // namespace wasm_server
