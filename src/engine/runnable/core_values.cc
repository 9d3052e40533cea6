#include "engine/runnable/core_values.h"

namespace wasm_server {

engine_sys_value_t to_engine(const Value& value) { return {value.low(), value.high()}; }

Value from_engine(const engine_sys_value_t& value, ValueType::Kind kind) {
  const auto low_half = static_cast<std::uint32_t>(value.low);
  switch (kind) {
    case ValueType::kI32:
    case ValueType::kF32:
      return Value::bits(low_half);
    case ValueType::kI64:
    case ValueType::kF64:
      return Value::bits(value.low);
    case ValueType::kFuncref:  // a pointer
      return Value::bits(value.low != 0 ? 1 : 0);
    case ValueType::kExternref:  // an index into the engine's heap
    case ValueType::kOther:
      return Value::bits(low_half != 0 ? 1 : 0);
    default:  // v128; a core module has no others
      return Value::bits(value.low, value.high);
  }
}

}  // namespace wasm_server
