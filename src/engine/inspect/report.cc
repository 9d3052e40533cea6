#include "engine/inspect/report.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "base/byte_codec.h"
#include "base/utf8.h"
#include "engine/engine_sys.h"
#include "engine/error_text.h"
#include "model/module_codec.h"

namespace wasm_server {
namespace {

enum Kind : std::uint8_t { kInvalid, kModule, kCommand, kComponent, kHttp };

std::string_view read_text(ByteReader& reader) {
  const std::string_view text = reader.text();
  if (!is_utf8(text)) reader.fail();
  return text;
}

WasmParam read_param(ByteReader& reader, std::size_t place) {
  ValueType type = get_type(reader);
  const std::string_view name = read_text(reader);
  return {name.empty() ? default_param_name(place) : std::string(name), std::move(type)};
}

FunctionInfo read_function(ByteReader& reader) {
  FunctionInfo function{.name = std::string(read_text(reader)), .param = {}, .result = {}};
  const std::size_t params = reader.count();
  for (std::size_t i = 0; i < params && !reader.failed(); ++i) {
    function.param.push_back(read_param(reader, i));
  }
  const std::size_t results = reader.count();
  for (std::size_t i = 0; i < results && !reader.failed(); ++i) {
    function.result.push_back(get_type(reader));
  }
  return function;
}

ImportInfo read_import(ByteReader& reader) {
  const std::string_view module = read_text(reader);
  const std::string_view name = read_text(reader);
  return {std::string(module), std::string(name)};
}

ModuleInfo read_info(ByteReader& reader, Kind kind) {
  ModuleInfo info;
  info.kind = static_cast<ModuleKind>(kind - kModule);
  info.memory_bytes = reader.varint();
  info.table_elements = reader.varint();
  const std::size_t functions = reader.count();
  for (std::size_t i = 0; i < functions && !reader.failed(); ++i) {
    info.functions.push_back(read_function(reader));
  }
  const std::size_t imports = reader.count();
  for (std::size_t i = 0; i < imports && !reader.failed(); ++i) {
    info.imports.push_back(read_import(reader));
  }
  return info;
}

ModuleCost read_cost(ByteReader& reader) {
  ModuleCost cost;
  for (std::uint64_t* number :
       {&cost.functions, &cost.types, &cost.element_segments, &cost.code_bytes, &cost.operators,
        &cost.locals, &cost.values, &cost.loop_depths, &cost.joins_squared}) {
    *number = reader.varint();
  }
  return cost;
}

}  // namespace

void Report::Release::operator()(char* bytes) const {
  wasm_byte_vec_t report{size, bytes};
  wasm_byte_vec_delete(&report);
}

Result<InspectedModule> decode_report(std::string_view report) {
  ByteReader reader(report);
  InspectedModule module;
  std::string_view reason;
  const std::uint8_t kind = reader.u8();
  if (kind == kInvalid) {
    reason = read_text(reader);
  } else if (kind <= kHttp) {
    module.cost = read_cost(reader);
    module.info = read_info(reader, Kind{kind});
  } else {
    reader.fail();
  }
  if (reader.failed() || !reader.at_end()) {
    return fail(ErrorCode::kInternal, "a report about a module cannot be read");
  }
  if (kind == kInvalid) return fail(ErrorCode::kInvalidModule, explain_refusal(reason));
  return module;
}

std::string default_param_name(std::size_t place) { return 'p' + std::to_string(place); }

}  // namespace wasm_server
