#pragma once

// A server's JSON as it comes: nothing is taken for granted.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace wasm_server::cli {

// The member of that name; empty when there is none, or `value` is no object.
std::optional<JsonValue> member(JsonValue value, std::string_view name);

// The same, if it is an array.
std::optional<JsonValue> array_member(JsonValue value, std::string_view name);

// The text of a string or number member; empty when there is none.
std::string_view text_member(JsonValue value, std::string_view name);

// Appends the value as compact JSON, numbers as they were written.
void append_json(std::string& out, JsonValue value);

// `{"name":"value"}` of strings.
using StringPairs = std::vector<std::pair<std::string, std::string>>;
std::string json_object(const StringPairs& pairs);
// `["text"]`.
std::string json_list(const std::vector<std::string>& texts);

}  // namespace wasm_server::cli
