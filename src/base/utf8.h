#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_server {

// Well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above
// U+10FFFF.
bool is_utf8(std::string_view text);

// The length of the well-formed sequence (1-4 bytes) at the start of `text`; 0 when there is none.
std::size_t utf8_sequence_length(std::string_view text);

// The Unicode scalar value that `text` is the well-formed sequence of; empty when it is none, or
// more than one.
std::optional<char32_t> only_code_point(std::string_view text);

// Appends the sequence of a Unicode scalar value.
void append_utf8(std::string& out, char32_t code_point);

// At most `limit` bytes of `text`, cut before a sequence that would not fit as a whole.
std::string_view utf8_prefix(std::string_view text, std::size_t limit);

// The last `limit` bytes at most, from the first whole sequence on where they are UTF-8.
std::string_view utf8_suffix(std::string_view text, std::size_t limit);

}  // namespace wasm_server
