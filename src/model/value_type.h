#pragma once

// The types of what functions take and return: those of core WebAssembly, and those of WIT (the
// component model's) as trees.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_server {

// A value. Types without parts cost no more than an enumerator to copy; the parts of others are
// shared.
class ValueType {
 public:
  enum Kind : std::uint8_t {
    // Core WebAssembly.
    kI32,
    kI64,
    kF32,
    kF64,
    kV128,
    kFuncref,
    kExternref,
    kOther,  // a reference type that has no name in the contract
    // WIT, which has f32 and f64 as well.
    kBool,
    kS8,
    kU8,
    kS16,
    kU16,
    kS32,
    kU32,
    kS64,
    kU64,
    kChar,
    kString,
    // WIT, of parts.
    kList,     // one
    kTuple,    // some
    kRecord,   // named
    kVariant,  // named; a type may be missing
    kEnum,     // named, without types
    kFlags,    // named, without types
    kOption,   // one
    kResult,   // two, ok and err; a type may be missing
    // WIT, of what lives in an instance: no value of them can be handed in or out.
    kOwn,     // one, with the resource's name and without a type
    kBorrow,  // the same
    kStream,  // one, whose type may be missing
    kFuture,  // the same
    kErrorContext,
  };

  struct Part;

  ValueType(Kind kind = kI32) : kind_(kind) {}  // NOLINT(google-explicit-constructor): a leaf
  ValueType(Kind kind, std::vector<Part> parts);

  Kind kind() const { return kind_; }
  // Those of WIT that are more than one word.
  bool has_parts() const { return kind_ >= kList; }
  // Whether its values can be handed in and out: there is no handle, stream, future or error
  // context in it.
  bool is_data() const;
  std::span<const Part> parts() const;
  // The place of the part of that name, in time that grows with the logarithm of their number.
  std::optional<std::size_t> find(std::string_view name) const;

  friend bool operator==(const ValueType& left, const ValueType& right);

 private:
  struct Parts;

  Kind kind_;
  std::shared_ptr<const Parts> parts_;  // null: none
};

struct ValueType::Part {
  std::string name;  // empty where parts have none
  std::optional<ValueType> type;

  friend bool operator==(const Part&, const Part&) = default;
};

// "i32", "list<tuple<u32, string>>", "record { a: u8, b: option<char> }", "own<counter>": WIT's
// text, structural and inline. kOther is "ref".
std::string to_text(const ValueType& type);

// The same back. Empty for what is no such text, has a name twice, or is beyond the bounds.
inline constexpr std::size_t kMaxTypeDepth = 64;
inline constexpr std::size_t kMaxTypeTextBytes = 64U << 10;
inline constexpr std::size_t kMaxFlags = 32;
std::optional<ValueType> value_type_from_text(std::string_view text);

}  // namespace wasm_server
