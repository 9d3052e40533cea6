#include "store/wasm_storage.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wasm_server {
namespace {

constexpr std::array<const char*, 8> kValueTypes = {"i32",  "i64",     "f32",       "f64",
                                                    "v128", "funcref", "externref", "ref"};
constexpr std::array<const char*, 2> kModuleKinds = {"module", "command"};

// The position of `text` in a table of an enum's names.
template <class Enum, std::size_t kSize>
std::optional<Enum> from_text(const std::array<const char*, kSize>& names, std::string_view text) {
  const auto found =
      std::ranges::find(names, text, [](const char* name) { return std::string_view{name}; });
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

const char* to_text(ValueType type) { return kValueTypes.at(std::to_underlying(type)); }

std::optional<ValueType> value_type_from_text(std::string_view text) {
  return from_text<ValueType>(kValueTypes, text);
}

const char* to_text(ModuleKind kind) { return kModuleKinds.at(std::to_underlying(kind)); }

std::optional<ModuleKind> module_kind_from_text(std::string_view text) {
  return from_text<ModuleKind>(kModuleKinds, text);
}

std::size_t weight_of(const ModuleInfo& info) {
  std::size_t weight = sizeof info;
  for (const FunctionInfo& function : info.functions) {
    weight += sizeof function + function.name.capacity() + function.result.capacity();
    for (const WasmParam& param : function.param) weight += sizeof param + param.name.capacity();
  }
  for (const ImportInfo& import : info.imports) {
    weight += sizeof import + import.module.capacity() + import.name.capacity();
  }
  return weight;
}

const FunctionInfo* ModuleInfo::find_function(std::string_view name) const {
  const auto found = std::ranges::find(functions, name, &FunctionInfo::name);
  return found == functions.end() ? nullptr : &*found;
}

const ModuleInfo& SharedModuleInfo::operator*() const {
  static const ModuleInfo nothing;
  return info_ ? *info_ : nothing;
}

std::string default_function(const ModuleInfo& info) {
  if (info.find_function("_start") != nullptr) return "_start";
  return info.functions.size() == 1 ? info.functions.front().name : std::string{};
}

std::string etag_of(const WasmMetaData& meta_data) {
  std::string etag;
  etag.reserve(20 + 1 + 2 * sizeof meta_data.digest.bytes);
  etag += std::to_string(meta_data.revision);
  etag += '-';
  append_hex(etag, meta_data.digest);
  return etag;
}

}  // namespace wasm_server
