#include "model/module_info.h"

#include <algorithm>
#include <array>

#include "model/enum_text.h"

namespace wasm_server {
namespace {

std::size_t weight_of(const ValueType& type) {
  std::size_t weight = sizeof type;
  for (const auto& part : type.parts()) {
    weight += sizeof part.name + part.name.capacity() + weight_of(part.type.value_or(ValueType{}));
  }
  return weight;
}

constexpr std::array<const char*, 2> kKinds = {"module", "command"};

}  // namespace

const char* to_text(ModuleKind kind) { return kKinds.at(std::to_underlying(kind)); }

std::optional<ModuleKind> module_kind_from_text(std::string_view text) {
  return enum_from_text<ModuleKind>(kKinds, text);
}

const FunctionInfo* ModuleInfo::find_function(std::string_view name) const {
  const auto found = std::ranges::find(functions, name, &FunctionInfo::name);
  return found == functions.end() ? nullptr : &*found;
}

const ModuleInfo& SharedModuleInfo::operator*() const {
  static const ModuleInfo nothing;
  return info_ ? *info_ : nothing;
}

std::size_t weight_of(const ModuleInfo& info) {
  std::size_t weight = sizeof info;
  for (const FunctionInfo& function : info.functions) {
    weight += sizeof function + function.name.capacity();
    for (const ValueType& type : function.result) weight += weight_of(type);
    for (const WasmParam& param : function.param) {
      weight += sizeof param.name + param.name.capacity() + weight_of(param.param_type);
    }
  }
  for (const ImportInfo& import : info.imports) {
    weight += sizeof import + import.module.capacity() + import.name.capacity();
  }
  return weight;
}

std::string default_function(const ModuleInfo& info) {
  if (info.find_function("_start") != nullptr) return "_start";
  return info.functions.size() == 1 ? info.functions.front().name : std::string{};
}

}  // namespace wasm_server
