#include "model/module_info.h"

#include <algorithm>
#include <array>

#include "model/component_names.h"
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

// WASI preview 1, "Application ABI".
constexpr std::string_view kStart = "_start";
// Of every version that runs here; no kebab-name begins with '_', so no component has the other.
constexpr std::string_view kComponentStart = "wasi:cli/run.run@0.2.";

constexpr std::array<const char*, 4> kKinds = {"module", "command", "component", "http"};

}  // namespace

const char* to_text(ModuleKind kind) { return kKinds.at(std::to_underlying(kind)); }

std::optional<ModuleKind> module_kind_from_text(std::string_view text) {
  return enum_from_text<ModuleKind>(kKinds, text);
}

const FunctionInfo* ModuleInfo::find_function(std::string_view name) const {
  const auto found = std::ranges::find(functions, name, &FunctionInfo::name);
  if (found != functions.end()) return &*found;
  return is_component() ? find_by_other_name(functions, name) : nullptr;
}

bool ModuleInfo::is_component() const {
  if (kind != ModuleKind::kCommand) return kind != ModuleKind::kModule;
  return std::ranges::find(functions, kStart, &FunctionInfo::name) == functions.end();
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

bool can_be_called(const FunctionInfo& function) {
  return std::ranges::all_of(function.result, &ValueType::is_data) &&
         std::ranges::all_of(function.param, &ValueType::is_data, &WasmParam::param_type);
}

bool runs_command(const ModuleInfo& info, const FunctionInfo& function) {
  return info.kind == ModuleKind::kCommand &&
         (function.name == kStart || function.name.starts_with(kComponentStart));
}

std::string default_function(const ModuleInfo& info) {
  if (info.kind == ModuleKind::kHttp) return {};
  const FunctionInfo* only = nullptr;
  std::size_t callable = 0;
  for (const FunctionInfo& function : info.functions) {
    const bool starts = function.name == kStart || runs_command(info, function);
    if (starts) return function.name;
    if (!can_be_called(function)) continue;
    only = &function;
    ++callable;
  }
  return callable == 1 ? only->name : std::string{};
}

}  // namespace wasm_server
