#pragma once

// The parts of a module as bytes, for records of the database and for jobs: numbers little-endian,
// varints LEB128, a text its length (varint) and its bytes, a list its count (varint) and its
// elements, an enumerator its number u8. Reading takes any bytes: what is not of its form makes the
// reader failed().
//
//   map        list of (text, text)
//   type       kind u8, and for one with parts its text
//   param      name text, type
//   limits     mask u8, and a varint for each bit
//   info       kind u8, list of functions (name text, list of params, list of types), list of
//              imports (module text, name text), compile_us varint, memory_bytes varint,
//              table_elements varint
//   digest     32 bytes

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_codec.h"
#include "base/digest.h"
#include "model/wasm_storage.h"

namespace wasm_server {

template <class List, class Write>
void put_list(ByteWriter& to, const List& list, Write write) {
  to.varint(list.size());
  for (const auto& element : list) write(to, element);
}

template <class T, class Read>
std::vector<T> get_list(ByteReader& from, Read read) {
  std::vector<T> list;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count && !from.failed(); ++i) list.push_back(read(from));
  return list;
}

// u8, 0 or 1, and in the second case the value.
template <class T, class Write>
void put_optional(ByteWriter& to, const std::optional<T>& value, Write write) {
  to.u8(value ? 1 : 0);
  if (value) write(to, *value);
}

template <class Read>
auto get_optional(ByteReader& from, Read read) -> std::optional<decltype(read(from))> {
  const std::uint8_t there = from.u8();
  if (there > 1) from.fail();
  if (there != 1) return std::nullopt;
  return read(from);
}

// `last` is the greatest enumerator.
template <class Enum>
Enum get_enum(ByteReader& from, Enum last) {
  const std::uint8_t number = from.u8();
  if (number > std::to_underlying(last)) from.fail();
  return from.failed() ? Enum{} : static_cast<Enum>(number);
}

void put_text(ByteWriter& to, const std::string& text);
std::string get_text(ByteReader& from);

void put_texts(ByteWriter& to, const std::vector<std::string>& texts);
std::vector<std::string> get_texts(ByteReader& from);

void put_map(ByteWriter& to, const StringMap& map);
StringMap get_map(ByteReader& from);

void put_type(ByteWriter& to, const ValueType& type);
ValueType get_type(ByteReader& from);

void put_params(ByteWriter& to, const std::vector<WasmParam>& params);
std::vector<WasmParam> get_params(ByteReader& from);

void put_types(ByteWriter& to, const std::vector<ValueType>& types);
std::vector<ValueType> get_types(ByteReader& from);

void put_limits(ByteWriter& to, const ModuleLimits& limits);
ModuleLimits get_limits(ByteReader& from);

void put_info(ByteWriter& to, const ModuleInfo& info);
ModuleInfo get_info(ByteReader& from);

void put_digest(ByteWriter& to, const Digest& digest);
Digest get_digest(ByteReader& from);

}  // namespace wasm_server
