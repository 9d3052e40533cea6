#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// Why a module cannot be executed on this server, around the engine's own reason.
Error link_failure(std::string_view reason);

// The link_failure of those of `imports` that no guest is offered, all of them named, known without
// compiling anything. Empty when all names are offered: whether their types fit is still for the
// engine to find.
std::optional<Error> missing_imports(std::span<const ImportInfo> imports);

}  // namespace wasm_server
