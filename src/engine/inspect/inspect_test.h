#pragma once

// What the tests of inspect() share: modules, and what they say in words.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/inspect/inspect.h"

namespace wasm_server::inspect_test {

using namespace std::string_literals;

inline const Engine& engine() {
  static const auto made = Engine::make({.pool_slots = 2, .max_memory_bytes = 1U << 20});
  return **made;
}

inline Bytes binary(std::string_view wat) {
  auto bytes = engine().wat_to_wasm(wat);
  EXPECT_TRUE(bytes) << bytes.error().message;
  return bytes ? std::move(*bytes) : Bytes{};
}

inline InspectedModule inspected(std::string_view bytes) {
  auto module = inspect(bytes);
  EXPECT_TRUE(module) << module.error().message;
  return module ? std::move(*module) : InspectedModule{};
}

inline ModuleInfo info_of(std::string_view bytes) { return inspected(bytes).info; }

// "add(a i32, b i32) -> i32"
inline std::string show(const FunctionInfo& function) {
  std::string text = function.name + '(';
  for (const WasmParam& param : function.param) {
    if (!text.ends_with('(')) text += ", ";
    text += param.name + ' ' + to_text(param.param_type);
  }
  text += ')';
  for (const ValueType& type : function.result) {
    text += text.ends_with(')') ? " -> "s : ", "s;
    text += to_text(type);
  }
  return text;
}

inline std::vector<std::string> functions_of(std::string_view bytes) {
  std::vector<std::string> shown;
  for (const FunctionInfo& function : info_of(bytes).functions) shown.push_back(show(function));
  return shown;
}

inline std::vector<std::string> functions_in(std::string_view wat) {
  return functions_of(binary(wat));
}

inline std::string error_of(std::string_view bytes, const ModuleBounds& bounds = {}) {
  const auto module = inspect(bytes, bounds);
  if (module) return "none";
  EXPECT_EQ(module.error().code, ErrorCode::kInvalidModule);
  return module.error().message;
}

// --- Pieces of the binary format, for what no text makes.

inline const std::string kHeader = "\0asm\1\0\0\0"s;

inline std::string leb(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

inline std::string sized(std::string_view contents) {
  return leb(contents.size()) + std::string(contents);
}

inline std::string section(char id, std::string_view contents) { return id + sized(contents); }

inline std::string name_section(std::string_view subsections) {
  return section(0, sized("name") + std::string(subsections));
}

// A module that exports `exports` functions named 0, 1, ..., all of them function 0, of type (i32 x
// params) -> ().
inline std::string many_exports(std::uint32_t exports, std::uint32_t params) {
  std::string list = leb(exports);
  for (std::uint32_t i = 0; i < exports; ++i) list += sized(std::to_string(i)) + "\0\0"s;
  return kHeader + section(1, "\1\x60"s + leb(params) + std::string(params, '\x7F') + '\0') +
         section(3, "\1\0"s) + section(7, list) + section(10, "\1\2\0\x0B"s);
}

// Local names of function 0, by parameter.
inline std::string local_names(const std::vector<std::string>& names) {
  std::string map = leb(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) map += leb(i) + sized(names[i]);
  return section(2, "\1\0"s + map);
}

}  // namespace wasm_server::inspect_test
