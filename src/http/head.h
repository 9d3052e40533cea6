#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/reply.h"

namespace wasm_server {

// The header of an answer, apart from what the handler said.
struct HeadFields {
  std::string_view date_line;                   // "Date: ...\r\n"
  std::string_view request_id;                  // empty: none
  std::string_view connection;                  // of the Connection header; empty: none
  std::optional<std::uint64_t> content_length;  // nothing: no such header
  bool chunked = false;
};

// Appends status line and header, up to and with the empty line.
void append_head(std::string& out, const Reply& reply, const HeadFields& fields);

// The size line of a chunk, "1f4\r\n".
void append_chunk_size(std::string& out, std::uint64_t size);

}  // namespace wasm_server
