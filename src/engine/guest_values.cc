#include "engine/guest_values.h"

#include <cstring>

namespace wasm_server {

wasmtime_val_t to_engine(const Value& value) {
  wasmtime_val_t out{};
  switch (value.type) {
    case ValueType::kI32:
      out.kind = WASMTIME_I32;
      std::memcpy(&out.of.i32, &value.low, sizeof out.of.i32);
      break;
    case ValueType::kI64:
      out.kind = WASMTIME_I64;
      std::memcpy(&out.of.i64, &value.low, sizeof out.of.i64);
      break;
    case ValueType::kF32:
      out.kind = WASMTIME_F32;
      std::memcpy(&out.of.f32, &value.low, sizeof out.of.f32);
      break;
    case ValueType::kF64:
      out.kind = WASMTIME_F64;
      std::memcpy(&out.of.f64, &value.low, sizeof out.of.f64);
      break;
    case ValueType::kV128:
      out.kind = WASMTIME_V128;
      std::memcpy(out.of.v128, &value.low, 8);
      std::memcpy(out.of.v128 + 8, &value.high, 8);
      break;
    case ValueType::kFuncref:
      out.kind = WASMTIME_FUNCREF;  // zeroed: null
      break;
    case ValueType::kExternref:
    case ValueType::kOther:
      out.kind = WASMTIME_EXTERNREF;
      break;
  }
  return out;
}

namespace {

bool is_null(const wasmtime_val_t& value) {
  switch (value.kind) {
    case WASMTIME_FUNCREF:
      return value.of.funcref.store_id == 0;
    case WASMTIME_EXTERNREF:
      return value.of.externref.store_id == 0;
    case WASMTIME_ANYREF:
      return value.of.anyref.store_id == 0;
    case WASMTIME_EXNREF:
      return value.of.exnref.store_id == 0;
    default:
      return false;
  }
}

}  // namespace

Value from_engine(wasmtime_val_t& value, ValueType type) {
  Value out{type, 0, 0};
  switch (value.kind) {
    case WASMTIME_I32:
      std::memcpy(&out.low, &value.of.i32, sizeof value.of.i32);
      break;
    case WASMTIME_I64:
      std::memcpy(&out.low, &value.of.i64, sizeof value.of.i64);
      break;
    case WASMTIME_F32:
      std::memcpy(&out.low, &value.of.f32, sizeof value.of.f32);
      break;
    case WASMTIME_F64:
      std::memcpy(&out.low, &value.of.f64, sizeof value.of.f64);
      break;
    case WASMTIME_V128:
      std::memcpy(&out.low, value.of.v128, 8);
      std::memcpy(&out.high, value.of.v128 + 8, 8);
      break;
    default:
      out.low = is_null(value) ? 0 : 1;
      wasmtime_val_unroot(&value);
      break;
  }
  return out;
}

}  // namespace wasm_server
