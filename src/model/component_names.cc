#include "model/component_names.h"

#include <algorithm>

namespace wasm_server {

std::string_view function_part(std::string_view name) {
  // "[method]counter.incr" by itself has a '.' as well, but begins with what no interface does.
  const std::size_t dot = name.starts_with('[') ? name.npos : name.find('.');
  if (dot == name.npos) return name;
  const std::string_view rest = name.substr(dot + 1);
  return rest.substr(0, rest.find('@'));
}

std::optional<std::string> name_from_wit(std::string_view name) {
  const std::size_t hash = name.find('#');
  if (hash == name.npos) return std::nullopt;
  const std::string_view interface = name.substr(0, hash);
  const std::size_t version = std::min(interface.find('@'), interface.size());
  std::string canonical(interface.substr(0, version));
  canonical.append(".").append(name.substr(hash + 1)).append(interface.substr(version));
  return canonical;
}

const FunctionInfo* find_by_other_name(std::span<const FunctionInfo> functions,
                                       std::string_view name) {
  const auto canonical = name_from_wit(name);
  const FunctionInfo* found = nullptr;
  for (const FunctionInfo& function : functions) {
    const bool is_meant =
        canonical ? function.name == *canonical : function_part(function.name) == name;
    if (!is_meant) continue;
    if (found != nullptr) return nullptr;
    found = &function;
  }
  return found;
}

}  // namespace wasm_server
