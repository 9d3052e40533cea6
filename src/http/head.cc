#include "http/head.h"

#include <boost/beast/http/status.hpp>

#include "base/append_number.h"

namespace wasm_server {
namespace {

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

}  // namespace

void append_head(std::string& out, const Reply& reply, const HeadFields& fields) {
  append_status_line(out, reply.status);
  out += fields.date_line;
  append_line(out, "Content-Type: ", reply.content_type);
  if (fields.content_length) {
    out += "Content-Length: ";
    append_number(out, *fields.content_length);
    out += "\r\n";
  }
  if (fields.chunked) out += "Transfer-Encoding: chunked\r\n";
  append_line(out, "Connection: ", fields.connection);
  append_line(out, "X-Request-Id: ", fields.request_id);
  out += reply.headers;
  out += "\r\n";
}

void append_chunk_size(std::string& out, std::uint64_t size) {
  append_number(out, size, 16);
  out += "\r\n";
}

}  // namespace wasm_server
