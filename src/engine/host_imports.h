#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/module_info.h"

namespace wasm_server {

// Why a module cannot be executed on this server, around the engine's own reason.
Error link_failure(std::string_view reason);

// The link_failure of those of its imports that no guest is offered, all of them named, known
// without compiling anything. Empty when all names are offered: whether their types fit is still
// for the engine to find.
std::optional<Error> missing_imports(const ModuleInfo& info);

}  // namespace wasm_server
