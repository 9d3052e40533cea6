#include "engine/host_imports.h"

#include <cstddef>
#include <string>

#include "base/text.h"
#include "engine/error_text.h"
#include "engine/wasi/interfaces.h"
#include "engine/wasi/wasi.h"

namespace wasm_server {
namespace {

bool is_offered(const ImportInfo& import, bool to_component) {
  if (!to_component) return offers_wasi(import.module, import.name);
  return import.name.empty() && offers_interface(import.module);
}

std::string shown(const ImportInfo& import, bool of_component) {
  if (!of_component) return quote(shorten(import.module) + "." + shorten(import.name));
  return quote(shorten(import.module.empty() ? import.name : import.module));
}

}  // namespace

Error link_failure(std::string_view reason) {
  return {ErrorCode::kInvalidModule,
          std::string("the module cannot be executed here: ").append(reason)};
}

std::optional<Error> missing_imports(const ModuleInfo& info) {
  constexpr std::size_t kNamed = 50;
  std::string names;
  std::size_t missing = 0;
  bool spawns = false;
  const bool is_component = info.is_component();
  for (const ImportInfo& import : info.imports) {
    if (is_offered(import, is_component)) continue;
    spawns = spawns || (import.module == "wasi" && import.name == "thread-spawn");
    if (++missing > kNamed) continue;
    if (!names.empty()) names += ", ";
    names += shown(import, is_component);
  }
  if (missing == 0) return std::nullopt;
  if (missing > kNamed) names += " and " + std::to_string(missing - kNamed) + " more";
  if (spawns) names.append("; ").append(kNoThreads);
  return link_failure("it imports what this server does not offer: " + names);
}

}  // namespace wasm_server
