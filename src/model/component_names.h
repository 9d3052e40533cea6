#pragma once

// The names of a component's functions. One that is exported by itself has its own name ("add",
// "[method]counter.incr"), one of an interface that of the interface, the function, and the
// interface's version: "docs:types/all.mk@0.1.0". A client may write the latter as WIT does,
// "docs:types/all@0.1.0#mk", and leave out all but the function where that is unambiguous.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/module_info.h"

namespace wasm_server {

// "mk" of "docs:types/all.mk@0.1.0"; all of a name without an interface.
std::string_view function_part(std::string_view name);

// "docs:types/all.mk@0.1.0" of "docs:types/all@0.1.0#mk"; empty for what is not written so.
std::optional<std::string> name_from_wit(std::string_view name);

// Of a component's `functions`, the one that `name` names without being its name; null when there
// is none, or several.
const FunctionInfo* find_by_other_name(std::span<const FunctionInfo> functions,
                                       std::string_view name);

}  // namespace wasm_server
