#include "engine/host_imports.h"

#include <algorithm>
#include <string>

#include "engine/wasi.h"

namespace wasm_server {

Error link_failure(std::string_view reason) {
  return {ErrorCode::kInvalidModule,
          std::string("the module cannot be executed here: ").append(reason)};
}

std::optional<Error> missing_import(std::span<const ImportInfo> imports) {
  const auto missing = std::ranges::find_if_not(
      imports, [](const ImportInfo& import) { return offers_wasi(import.module, import.name); });
  if (missing == imports.end()) return std::nullopt;
  return link_failure("unknown import: `" + missing->module + "::" + missing->name +
                      "` has not been defined");
}

}  // namespace wasm_server
