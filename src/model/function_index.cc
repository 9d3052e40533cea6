#include "model/function_index.h"

#include "model/component_names.h"

namespace wasm_server {

FunctionIndex::FunctionIndex(const ModuleInfo& info) {
  for (const FunctionInfo& function : info.functions) by_name_.emplace(function.name, &function);
  if (!info.is_component()) return;
  for (const FunctionInfo& function : info.functions) add_short_name(function);
}

void FunctionIndex::add_short_name(const FunctionInfo& function) {
  const std::string_view name = function_part(function.name);
  if (name == function.name) return;
  const auto [found, is_new] = by_name_.emplace(name, &function);
  if (is_new) return;
  // What is a function's own name is that function's alone.
  const bool is_own = found->second != nullptr && found->second->name == name;
  if (!is_own) found->second = nullptr;
}

const FunctionInfo* FunctionIndex::find(std::string_view name) const {
  auto found = by_name_.find(name);
  if (found != by_name_.end()) return found->second;
  const auto canonical = name_from_wit(name);
  if (canonical) found = by_name_.find(*canonical);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace wasm_server
