#pragma once

// A JSON text as a tree of views into it: a module's base64, the largest thing that a request
// holds, is not copied. Stricter than RFC 8259 asks: UTF-8 only, no duplicate names. Bounded, so
// that a small hostile text cannot become a large tree.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wasm_server {

inline constexpr std::size_t kMaxJsonValues = 16'384;  // in one text
inline constexpr std::size_t kMaxJsonMembers = 1'024;  // of one object
// Of one name; each is compared with those before it in its object.
inline constexpr std::size_t kMaxJsonNameBytes = 4'096;

enum class JsonKind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

struct JsonMember;

struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  bool boolean = false;
  std::string_view text;            // a number as written, a string's decoded text
  std::vector<JsonMember> members;  // an object's; an array's elements, without names
};

struct JsonMember {
  std::string_view name;
  JsonValue value;
};

struct JsonDocument {
  JsonValue root;
  std::deque<std::string> decoded;  // texts that had escapes
};

// `text` must outlive the document. kBadRequest says what is wrong and at which byte.
Result<JsonDocument> parse_json(std::string_view text);

}  // namespace wasm_server
