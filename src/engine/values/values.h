#pragma once

// JSON <-> values, by the contract's section 4: those of core WebAssembly and those of WIT.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/value.h"
#include "model/value_type.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// Of one call's arguments, in all. A record's fields that are left out are values too, so that a
// short text could ask for many.
inline constexpr std::size_t kMaxValues = 1'000'000;

// One argument. kBadRequest names what is wrong ("3.5 is not an i32") and, within a composite
// value, where.
Result<Value> to_value(JsonValue json, const ValueType& type);

// All of a call's arguments, in the order of `params`: of an array by position, of an object by
// name; empty: there are none. kBadRequest names the argument: wrong count, unknown or missing
// name, wrong type, a reference parameter (which a client cannot pass; null only).
Result<std::vector<Value>> to_values(const std::optional<JsonValue>& arguments,
                                     std::span<const WasmParam> params);

// Appends a result as JSON: it reads back to the same value. A reference is `null` (a non-null one
// is "ref").
void append_json(std::string& out, const Value& value, const ValueType& type);

// Appends "[...]".
void append_json(std::string& out, std::span<const Value> values, std::span<const ValueType> types);

}  // namespace wasm_server
