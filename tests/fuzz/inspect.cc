// Any bytes as a module: never a read outside of them, bounded memory, and what is listed can be
// shown to a client.

#include "engine/inspect.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "base/utf8.h"
#include "check.h"

namespace wasm_server {
namespace {

void check_function(const FunctionInfo& function) {
  FUZZ_CHECK(is_utf8(function.name));
  std::set<std::string_view> names;
  for (const WasmParam& param : function.param) {
    FUZZ_CHECK(!param.name.empty() && is_utf8(param.name));
    FUZZ_CHECK(names.insert(param.name).second);
  }
}

void run(std::string_view bytes) {
  const auto info = inspect(bytes);
  if (!info) {
    FUZZ_CHECK(info.error().code == ErrorCode::kInvalidModule && !info.error().message.empty());
    return;
  }
  for (const FunctionInfo& function : info->functions) check_function(function);
  for (const ImportInfo& import : info->imports) {
    FUZZ_CHECK(is_utf8(import.module) && is_utf8(import.name));
  }
  FUZZ_CHECK(*inspect(bytes) == *info);
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wasm_server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
