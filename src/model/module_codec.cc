#include "model/module_codec.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace wasm_server {
namespace {

// The order of the mask's bits.
constexpr std::array kLimits = {&ModuleLimits::timeout_ms, &ModuleLimits::memory_bytes,
                                &ModuleLimits::output_bytes, &ModuleLimits::max_concurrency,
                                &ModuleLimits::max_queue};

void put_param(ByteWriter& to, const WasmParam& param) {
  to.text(param.name);
  put_type(to, param.param_type);
}

WasmParam get_param(ByteReader& from) {
  WasmParam param;
  param.name = from.text();
  param.param_type = get_type(from);
  return param;
}

void put_function(ByteWriter& to, const FunctionInfo& function) {
  to.text(function.name);
  put_params(to, function.param);
  put_types(to, function.result);
}

FunctionInfo get_function(ByteReader& from) {
  FunctionInfo function;
  function.name = from.text();
  function.param = get_params(from);
  function.result = get_types(from);
  return function;
}

void put_import(ByteWriter& to, const ImportInfo& import) {
  to.text(import.module);
  to.text(import.name);
}

ImportInfo get_import(ByteReader& from) {
  ImportInfo import;
  import.module = from.text();
  import.name = from.text();
  return import;
}

}  // namespace

void put_text(ByteWriter& to, const std::string& text) { to.text(text); }
std::string get_text(ByteReader& from) { return std::string{from.text()}; }

void put_texts(ByteWriter& to, const std::vector<std::string>& texts) {
  put_list(to, texts, put_text);
}
std::vector<std::string> get_texts(ByteReader& from) {
  return get_list<std::string>(from, get_text);
}

void put_map(ByteWriter& to, const StringMap& map) {
  put_list(to, map, [](ByteWriter& out, const StringMap::value_type& pair) {
    out.text(pair.first);
    out.text(pair.second);
  });
}

StringMap get_map(ByteReader& from) {
  StringMap map;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    const std::string_view key = from.text();
    map.emplace_hint(map.end(), key, from.text());
  }
  return map;
}

void put_type(ByteWriter& to, const ValueType& type) {
  to.u8(type.kind());
  if (type.has_parts()) to.text(to_text(type));
}

ValueType get_type(ByteReader& from) {
  ValueType type = get_enum(from, ValueType::kErrorContext);
  if (!type.has_parts()) return type;
  const auto read = value_type_from_text(from.text());
  if (!read || read->kind() != type.kind()) from.fail();
  return from.failed() ? ValueType{} : *read;
}

void put_params(ByteWriter& to, const std::vector<WasmParam>& params) {
  put_list(to, params, put_param);
}
std::vector<WasmParam> get_params(ByteReader& from) { return get_list<WasmParam>(from, get_param); }

void put_types(ByteWriter& to, const std::vector<ValueType>& types) {
  put_list(to, types, put_type);
}
std::vector<ValueType> get_types(ByteReader& from) { return get_list<ValueType>(from, get_type); }

void put_limits(ByteWriter& to, const ModuleLimits& limits) {
  unsigned mask = 0;
  for (std::size_t i = 0; i < kLimits.size(); ++i) mask |= (limits.*kLimits[i] ? 1U : 0U) << i;
  to.u8(static_cast<std::uint8_t>(mask));
  for (const auto limit : kLimits) {
    if (limits.*limit) to.varint(*(limits.*limit));
  }
}

ModuleLimits get_limits(ByteReader& from) {
  ModuleLimits limits;
  const unsigned mask = from.u8();
  if (mask >> kLimits.size() != 0) from.fail();
  for (std::size_t i = 0; i < kLimits.size(); ++i) {
    if ((mask >> i) & 1U) limits.*kLimits[i] = from.varint();
  }
  return limits;
}

void put_info(ByteWriter& to, const ModuleInfo& info) {
  to.u8(std::to_underlying(info.kind));
  put_list(to, info.functions, put_function);
  put_list(to, info.imports, put_import);
  to.varint(info.compile_us);
  to.varint(info.memory_bytes);
  to.varint(info.table_elements);
}

ModuleInfo get_info(ByteReader& from) {
  ModuleInfo info;
  info.kind = get_enum(from, ModuleKind::kHttp);
  info.functions = get_list<FunctionInfo>(from, get_function);
  info.imports = get_list<ImportInfo>(from, get_import);
  info.compile_us = from.varint();
  info.memory_bytes = from.varint();
  info.table_elements = from.varint();
  return info;
}

void put_digest(ByteWriter& to, const Digest& digest) {
  to.raw({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

Digest get_digest(ByteReader& from) {
  Digest digest;
  std::ranges::copy(from.raw(digest.bytes.size()), digest.bytes.begin());
  return digest;
}

}  // namespace wasm_server
