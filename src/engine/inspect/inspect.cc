#include "engine/inspect/inspect.h"

#include <cstdint>

#include "engine/engine_sys.h"

namespace wasm_server {
namespace {

const std::uint8_t* data_of(std::string_view wasm) {
  return reinterpret_cast<const std::uint8_t*>(wasm.data());
}

}  // namespace

Report make_report(std::string_view wasm, const ModuleBounds& bounds) {
  const engine_sys_module_limits_t limits{.functions = bounds.functions,
                                          .types = bounds.types,
                                          .element_segments = bounds.element_segments,
                                          .memories = bounds.memories,
                                          .tables = bounds.tables,
                                          .exported_values = bounds.exported_values};
  wasm_byte_vec_t report{0, nullptr};
  engine_sys_inspect(data_of(wasm), wasm.size(), &limits, &report);
  return Report(report.data, report.size);
}

Result<InspectedModule> inspect(std::string_view wasm, const ModuleBounds& bounds) {
  return decode_report(make_report(wasm, bounds).bytes());
}

std::size_t bytes_to_validate(std::string_view wasm) {
  return engine_sys_bytes_to_validate(data_of(wasm), wasm.size());
}

}  // namespace wasm_server
