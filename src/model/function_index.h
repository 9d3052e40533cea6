#pragma once

#include <string_view>
#include <unordered_map>

#include "model/module_info.h"

namespace wasm_server {

// What ModuleInfo::find_function() finds, in constant time. Points into the info, which must
// outlive it.
class FunctionIndex {
 public:
  FunctionIndex() = default;
  explicit FunctionIndex(const ModuleInfo& info);

  // Null when the module exports no such function, by any of its names.
  const FunctionInfo* find(std::string_view name) const;

 private:
  void add_short_name(const FunctionInfo& function);

  // Those of a component's interfaces also without the interface; null where several have that
  // name.
  std::unordered_map<std::string_view, const FunctionInfo*> by_name_;
};

}  // namespace wasm_server
