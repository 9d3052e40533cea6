#include "engine/guest_values.h"

namespace wasm_server {

engine_sys_value_t to_engine(const Value& value) { return {value.low, value.high}; }

Value from_engine(const engine_sys_value_t& value, ValueType type) {
  const auto low_half = static_cast<std::uint32_t>(value.low);
  switch (type) {
    case ValueType::kI32:
    case ValueType::kF32:
      return {type, low_half, 0};
    case ValueType::kI64:
    case ValueType::kF64:
      return {type, value.low, 0};
    case ValueType::kV128:
      return {type, value.low, value.high};
    case ValueType::kFuncref:  // a pointer
      return {type, value.low != 0 ? 1U : 0U, 0};
    case ValueType::kExternref:  // an index into the engine's heap
    case ValueType::kOther:
      return {type, low_half != 0 ? 1U : 0U, 0};
  }
  return {type, 0, 0};
}

}  // namespace wasm_server
