#include "handlers/wasm_json.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/append_number.h"
#include "base/digest.h"
#include "base/time.h"
#include "http/json_text.h"

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

void append_type(std::string& out, ValueType type) {
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
  append_member(out, "{\"timeout_ms\":", limits.timeout_ms);
  append_member(out, ",\"memory_bytes\":", limits.memory_bytes);
  append_member(out, ",\"output_bytes\":", limits.output_bytes);
  append_member(out, ",\"max_concurrency\":", limits.max_concurrency);
  append_member(out, ",\"max_queue\":", limits.max_queue);
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

void append_identity(std::string& out, const WasmMetaData& meta_data, const JsonContext& context) {
  out += ",\"kind\":\"";
  out += to_text(meta_data.info->kind);
  out += "\",\"digest\":\"sha256:";
  append_hex(out, meta_data.digest);
  append_member(out, "\",\"revision\":", meta_data.revision);
  out += ",\"state\":";
  append_state(out, context.compile);
}

void append_settings(std::string& out, const WasmMetaData& meta_data, const JsonContext& context) {
  out += ",\"labels\":";
  append_map(out, meta_data.labels);
  out += ",\"limits\":";
  append_limits(out, context.limits);
  out += ",\"functions\":";
  append_array(out, meta_data.info->functions, append_function);
  out += ",\"args\":";
  append_array(out, meta_data.args, append_text);
  out += ",\"env\":";
  append_map(out, meta_data.env);
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

void append_meta_data(std::string& out, const WasmMetaData& meta_data, const JsonContext& context) {
  out += '{';
  append_run_function(out, meta_data);
  append_identity(out, meta_data, context);
  append_settings(out, meta_data, context);
  append_times(out, meta_data);
  out += '}';
}

void append_resource(std::string& out, const WasmMetaData& meta_data, const JsonContext& context) {
  constexpr std::size_t kUsual = 1024;
  out.reserve(out.size() + kUsual);
  append_id(out, meta_data);
  out += ",\"meta_data\":";
  append_meta_data(out, meta_data, context);
  out += '}';
}

StorageFrame storage_frame(const WasmMetaData& meta_data, const JsonContext& context) {
  StorageFrame frame;
  append_id(frame.head, meta_data);
  frame.head += ",\"wasm\":\"";
  frame.tail = "\",\"meta_data\":";
  append_meta_data(frame.tail, meta_data, context);
  frame.tail += '}';
  return frame;
}

}  // namespace wasm_server
