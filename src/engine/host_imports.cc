#include "engine/host_imports.h"

#include <cstddef>
#include <string>

#include "base/text.h"
#include "engine/error_text.h"
#include "engine/wasi/wasi.h"

namespace wasm_server {

Error link_failure(std::string_view reason) {
  return {ErrorCode::kInvalidModule,
          std::string("the module cannot be executed here: ").append(reason)};
}

std::optional<Error> missing_imports(std::span<const ImportInfo> imports) {
  constexpr std::size_t kNamed = 50;
  std::string names;
  std::size_t missing = 0;
  bool spawns = false;
  for (const ImportInfo& import : imports) {
    if (offers_wasi(import.module, import.name)) continue;
    spawns = spawns || (import.module == "wasi" && import.name == "thread-spawn");
    if (++missing > kNamed) continue;
    if (!names.empty()) names += ", ";
    names += quote(shorten(import.module) + "." + shorten(import.name));
  }
  if (missing == 0) return std::nullopt;
  if (missing > kNamed) names += " and " + std::to_string(missing - kNamed) + " more";
  if (spawns) names.append("; ").append(kNoThreads);
  return link_failure("it imports what this server does not offer: " + names);
}

}  // namespace wasm_server
