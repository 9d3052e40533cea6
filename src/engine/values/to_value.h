#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "engine/values/values.h"
#include "model/value.h"
#include "model/value_type.h"

namespace wasm_server {

// Reads the arguments of one call, and counts what they come to. Recursion is as deep as the type
// is, which is bounded where types are made.
class ValueReader {
 public:
  // As to_value (engine/values/values.h).
  Result<Value> read(JsonValue json, const ValueType& type);

 private:
  Result<Value> read_list(JsonValue json, const ValueType& type);
  Result<Value> read_bytes(JsonValue json, const ValueType& type);
  Result<Value> read_tuple(JsonValue json, const ValueType& type);
  Result<Value> read_record(JsonValue json, const ValueType& type);
  Result<Value> read_variant(JsonValue json, const ValueType& type);
  Result<Value> read_enum(JsonValue json, const ValueType& type);
  Result<Value> read_flags(JsonValue json, const ValueType& type);
  Result<Value> read_option(JsonValue json, const ValueType& type);
  Result<Value> read_result(JsonValue json, const ValueType& type);
  Result<Value> read_case(JsonValue json, std::string_view name, std::size_t index,
                          const std::optional<ValueType>& type);

  std::size_t values_left_ = kMaxValues;
};

}  // namespace wasm_server
