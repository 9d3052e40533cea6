#include "cli/api/module_view.h"

#include <algorithm>

#include "base/text.h"
#include "cli/text/json_view.h"

namespace wasm_server::cli {
namespace {

StringPairs pairs(JsonValue meta, std::string_view name) {
  StringPairs out;
  const auto object = member(meta, name);
  if (!object || object->kind() != JsonKind::kObject) return out;
  for (const JsonValue part : *object) {
    out.emplace_back(part.name(), text_member(*object, part.name()));
  }
  return out;
}

// Variables whose values are {"secret": "name"}.
StringPairs secrets(JsonValue meta) {
  StringPairs out;
  const auto env = member(meta, "env");
  if (!env || env->kind() != JsonKind::kObject) return out;
  for (const JsonValue part : *env) {
    if (part.kind() == JsonKind::kObject)
      out.emplace_back(part.name(), text_member(part, "secret"));
  }
  return out;
}

std::vector<std::string> texts(JsonValue object, std::string_view name) {
  std::vector<std::string> out;
  const auto list = array_member(object, name);
  if (!list) return out;
  for (const JsonValue part : *list) {
    if (part.kind() == JsonKind::kString) out.emplace_back(part.text());
  }
  return out;
}

std::vector<ParamView> params(JsonValue function) {
  std::vector<ParamView> out;
  const auto list = array_member(function, "param");
  if (!list) return out;
  for (const JsonValue part : *list) {
    out.push_back(
        {std::string(text_member(part, "name")), std::string(text_member(part, "param_type"))});
  }
  return out;
}

std::vector<FunctionView> functions(JsonValue meta) {
  std::vector<FunctionView> out;
  const auto list = array_member(meta, "functions");
  if (!list) return out;
  for (const JsonValue part : *list) {
    out.push_back({std::string(text_member(part, "name")), params(part), texts(part, "result")});
  }
  // The names that a client gave stand in the module's own `param`.
  for (FunctionView& function : out) {
    if (function.name != text_member(meta, "run_function")) continue;
    std::vector<ParamView> renamed = params(meta);
    if (renamed.size() == function.params.size()) function.params = std::move(renamed);
  }
  return out;
}

// WASI preview 1 reads by descriptor; a component imports the stream by name.
bool reads_input(JsonValue meta) {
  const auto list = array_member(meta, "imports");
  if (!list) return false;
  return std::ranges::any_of(*list, [](JsonValue part) {
    const std::string_view name = text_member(part, "name");
    return name == "fd_read" || name == "fd_pread" ||
           text_member(part, "module").starts_with("wasi:cli/stdin") ||
           name.starts_with("wasi:cli/stdin");
  });
}

std::uint64_t count(JsonValue meta, std::string_view name) {
  return parse_unsigned(text_member(meta, name)).value_or(0);
}

}  // namespace

std::optional<ModuleView> module_view(JsonValue resource) {
  const auto meta = member(resource, "meta_data");
  ModuleView view;
  view.id = text_member(resource, "id");
  if (view.id.empty() || !meta || meta->kind() != JsonKind::kObject) return std::nullopt;
  view.kind = text_member(*meta, "kind");
  view.state = text_member(*meta, "state");
  view.state_detail = text_member(*meta, "state_detail");
  view.digest = text_member(*meta, "digest");
  view.run_function = text_member(*meta, "run_function");
  view.revision = count(*meta, "revision");
  view.size = count(*meta, "size");
  view.created_at = text_member(*meta, "created_at");
  view.updated_at = text_member(*meta, "updated_at");
  view.labels = pairs(*meta, "labels");
  view.env = pairs(*meta, "env");
  view.secrets = secrets(*meta);
  std::erase_if(view.env, [&view](const auto& variable) {
    return std::ranges::find(view.secrets, variable.first, &StringPairs::value_type::first) !=
           view.secrets.end();
  });
  view.limits = pairs(*meta, "limits");
  view.args = texts(*meta, "args");
  view.egress = texts(*meta, "egress");
  view.functions = functions(*meta);
  view.reads_input = reads_input(*meta);
  return view;
}

std::string signature(const FunctionView& function) {
  std::string text = function.name + "(";
  for (const ParamView& param : function.params) {
    if (text.back() != '(') text += ", ";
    text += param.name + ": " + param.type;
  }
  text += ')';
  for (const std::string& result : function.results) {
    text += (&result == &function.results.front() ? " -> " : ", ") + result;
  }
  return text;
}

}  // namespace wasm_server::cli
