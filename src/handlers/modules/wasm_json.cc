#include "handlers/modules/wasm_json.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json_text.h"
#include "base/text.h"
#include "base/time.h"

namespace wasm_server {
namespace {

// Appends [a,b,...], each by `append_one(out, item)`.
template <class Range, class AppendOne>
void append_array(std::string& out, const Range& range, AppendOne append_one) {
  out += '[';
  std::string_view separator;
  for (const auto& item : range) {
    out += separator;
    append_one(out, item);
    separator = ",";
  }
  out += ']';
}

void append_text(std::string& out, const std::string& text) { append_json_string(out, text); }

void append_map(std::string& out, const StringMap& map) {
  out += '{';
  std::string_view separator;
  for (const auto& [key, value] : map) {
    out += separator;
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
    separator = ",";
  }
  out += '}';
}

void append_type(std::string& out, const ValueType& type) {
  out += '"';
  out += to_text(type);
  out += '"';
}

void append_param(std::string& out, const WasmParam& param) {
  out += "{\"name\":";
  append_json_string(out, param.name);
  out += ",\"param_type\":";
  append_type(out, param.param_type);
  out += '}';
}

void append_function(std::string& out, const FunctionInfo& function) {
  out += "{\"name\":";
  append_json_string(out, function.name);
  out += ",\"param\":";
  append_array(out, function.param, append_param);
  out += ",\"result\":";
  append_array(out, function.result, append_type);
  out += '}';
}

void append_import(std::string& out, const ImportInfo& import) {
  out += "{\"module\":";
  append_json_string(out, import.module);
  out += ",\"name\":";
  append_json_string(out, import.name);
  out += '}';
}

// `name` is a member's name with all that stands before its value.
void append_member(std::string& out, std::string_view name, std::uint64_t number) {
  out += name;
  append_number(out, number);
}

void append_limits(std::string& out, const LimitValues& limits) {
  char separator = '{';
  for (const LimitField& field : kLimitFields) {
    out += separator;
    out += '"';
    out += field.name;
    append_member(out, "\":", limits.*field.value);
    separator = ',';
  }
  out += '}';
}

void append_state(std::string& out, const CompileStatus& status) {
  switch (status.state) {
    case CompileState::kCompiling:
      out += "\"compiling\"";
      break;
    case CompileState::kReady:
      out += "\"ready\"";
      break;
    case CompileState::kFailed:
      out += "\"failed\",\"state_detail\":";
      append_json_string(out, status.detail);
      break;
  }
}

// What the client gave or the code says of the function to run.
void append_run_function(std::string& out, const WasmMetaData& meta_data) {
  out += "\"run_function\":";
  append_json_string(out, meta_data.run_function);
  append_member(out, ",\"size\":", meta_data.size);
  out += ",\"param\":";
  append_array(out, meta_data.param, append_param);
  out += ",\"result\":";
  append_array(out, meta_data.result, append_type);
}

void append_identity(std::string& out, const WasmMetaData& meta_data, const ModuleStatus& status) {
  out += ",\"kind\":\"";
  out += to_text(meta_data.info->kind);
  out += "\",\"digest\":\"sha256:";
  append_hex(out, meta_data.digest.bytes);
  append_member(out, "\",\"revision\":", meta_data.revision);
  out += ",\"state\":";
  append_state(out, status.compile);
}

void append_environment(std::string& out, const WasmMetaData& meta_data) {
  append_map(out, meta_data.env);
  if (meta_data.secrets.empty()) return;
  out.pop_back();
  for (const auto& [variable, secret] : meta_data.secrets) {
    if (out.back() != '{') out += ',';
    append_json_string(out, variable);
    out += ":{\"secret\":";
    append_json_string(out, secret);
    out += '}';
  }
  out += '}';
}

bool has_egress(const WasmMetaData& meta_data) {
  const auto kind = meta_data.info->kind;
  return kind == ModuleKind::kHttp || kind == ModuleKind::kComponent || !meta_data.egress.empty();
}

void append_settings(std::string& out, const WasmMetaData& meta_data, const ModuleStatus& status) {
  out += ",\"labels\":";
  append_map(out, meta_data.labels);
  out += ",\"limits\":";
  append_limits(out, status.limits);
  out += ",\"functions\":";
  append_array(out, meta_data.info->functions, append_function);
  out += ",\"args\":";
  append_array(out, meta_data.args, append_text);
  out += ",\"env\":";
  append_environment(out, meta_data);
  if (meta_data.info->kind == ModuleKind::kCommand || !meta_data.output_types.empty()) {
    out += ",\"output_types\":";
    append_array(out, meta_data.output_types, append_text);
  }
  if (has_egress(meta_data)) {
    out += ",\"egress\":";
    append_array(out, meta_data.egress, append_text);
  }
  out += ",\"imports\":";
  append_array(out, meta_data.info->imports, append_import);
}

void append_times(std::string& out, const WasmMetaData& meta_data) {
  out += ",\"created_at\":\"";
  append_rfc3339(out, meta_data.created_at);
  out += "\",\"updated_at\":\"";
  append_rfc3339(out, meta_data.updated_at);
  out += '"';
}

void append_id(std::string& out, const WasmMetaData& meta_data) {
  out += "{\"id\":";
  append_json_string(out, meta_data.id);
}

}  // namespace

void append_meta_data(std::string& out, const WasmMetaData& meta_data, const ModuleStatus& status) {
  out += '{';
  append_run_function(out, meta_data);
  append_identity(out, meta_data, status);
  append_settings(out, meta_data, status);
  append_times(out, meta_data);
  out += '}';
}

void append_resource(std::string& out, const WasmMetaData& meta_data, const ModuleStatus& status) {
  constexpr std::size_t kUsual = 1024;
  out.reserve(out.size() + kUsual);
  append_id(out, meta_data);
  out += ",\"meta_data\":";
  append_meta_data(out, meta_data, status);
  out += '}';
}

StorageFrame storage_frame(const WasmMetaData& meta_data, const ModuleStatus& status) {
  StorageFrame frame;
  append_id(frame.head, meta_data);
  frame.head += ",\"wasm\":\"";
  frame.tail = "\",\"meta_data\":";
  append_meta_data(frame.tail, meta_data, status);
  frame.tail += '}';
  return frame;
}

}  // namespace wasm_server
