// Any bytes as a module, and as a report about one: never a read outside of them, bounded memory,
// and what is listed can be shown to a client.

#include "engine/inspect/inspect.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "base/utf8.h"
#include "check.h"

namespace wasm_server {
namespace {

void check_texts(const ModuleInfo& info) {
  for (const FunctionInfo& function : info.functions) {
    FUZZ_CHECK(is_utf8(function.name));
    for (const WasmParam& param : function.param) {
      FUZZ_CHECK(!param.name.empty() && is_utf8(param.name));
    }
  }
  for (const ImportInfo& import : info.imports) {
    FUZZ_CHECK(is_utf8(import.module) && is_utf8(import.name));
  }
}

void check_names(const FunctionInfo& function) {
  std::set<std::string_view> names;
  for (const WasmParam& param : function.param) FUZZ_CHECK(names.insert(param.name).second);
}

void run_as_report(std::string_view bytes) {
  const auto module = decode_report(bytes);
  if (module) check_texts(module->info);
}

void run_as_module(std::string_view bytes) {
  FUZZ_CHECK(bytes_to_validate(bytes) <= bytes.size());
  const auto module = inspect(bytes);
  if (!module) {
    FUZZ_CHECK(module.error().code == ErrorCode::kInvalidModule);
    FUZZ_CHECK(!module.error().message.empty() && is_utf8(module.error().message));
    return;
  }
  check_texts(module->info);
  for (const FunctionInfo& function : module->info.functions) check_names(function);
  FUZZ_CHECK(*inspect(bytes) == *module);
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  wasm_server::run_as_report(bytes);
  wasm_server::run_as_module(bytes);
  return 0;
}
