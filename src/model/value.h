#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace wasm_server {

struct Value;

// Numbers (i32, f32 and smaller in the low 32 bits, signed ones of WIT extended to 64), bool, char,
// v128 (lanes 8-15 in `high`), flags, an enum's place. A reference is only ever null: 0.
struct ValueBits {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  friend bool operator==(const ValueBits&, const ValueBits&) = default;
};

// A variant's, option's (none, some) or result's (ok, err) place, and its payload, if any.
struct ValueCase {
  std::uint32_t index = 0;
  std::vector<Value> payload;  // none or one

  friend bool operator==(const ValueCase&, const ValueCase&) = default;
};

// A value outside the engine: a tree in the shape of its ValueType, which it does not hold itself.
// Core values are leaves without memory of their own.
struct Value {
  using Bits = ValueBits;
  using Case = ValueCase;

  // string and list<u8>: text or bytes; list, tuple and record: items.
  std::variant<Bits, std::string, std::vector<Value>, Case> content;

  static Value bits(std::uint64_t low, std::uint64_t high = 0) { return {Bits{low, high}}; }

  // Of one that is bits, as all core values are.
  std::uint64_t low() const { return std::get<Bits>(content).low; }
  std::uint64_t high() const { return std::get<Bits>(content).high; }

  friend bool operator==(const Value&, const Value&) = default;
};

}  // namespace wasm_server
