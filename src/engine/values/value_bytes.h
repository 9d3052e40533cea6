#pragma once

// Values as the bytes in which they cross to a component's memory and back; both sides know the
// types, so that nothing says what comes:
//
//   bool, u8, s8           1 byte
//   u16, s16               2 bytes
//   u32, s32, f32, char    4 bytes
//   u64, s64, f64          8 bytes
//   flags                  4 bytes, the first flag in the lowest bit
//   string, list<u8>       u32 length, and so many bytes
//   list                   u32 count, and the elements
//   tuple, record          the parts
//   variant, enum, option, result
//                          u32 the case's place, and its payload, if it has one
//
// All little-endian. engine-sys/src/component/value_bytes.rs is the other side.

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "model/value.h"
#include "model/value_type.h"

namespace wasm_server {

// `value` is of that type.
void append_value_bytes(Bytes& out, const Value& value, const ValueType& type);

// Empty when the bytes are not of those types, to the last one.
std::optional<std::vector<Value>> values_from_bytes(ByteView bytes,
                                                    std::span<const ValueType> types);

}  // namespace wasm_server
