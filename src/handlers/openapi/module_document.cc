#include "handlers/openapi/module_document.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/percent_encoding.h"
#include "handlers/openapi/json_writer.h"
#include "handlers/openapi/schemas.h"
#include "handlers/openapi/value_schema.h"

namespace wasm_server {
namespace {

constexpr std::string_view kOutput =
    R"("stdout":{"type":"string"},"stdout_base64":{"type":"string","contentEncoding":"base64"},)"
    R"("stderr":{"type":"string"},"stderr_base64":{"type":"string","contentEncoding":"base64"})";

bool have_names(std::span<const WasmParam> param) {
  std::set<std::string_view> names;
  return std::ranges::all_of(param, [&](const WasmParam& one) {
    return !one.name.empty() && names.insert(one.name).second;
  });
}

void append_named(std::string& out, std::span<const WasmParam> param) {
  write_object(out, [&](Members& args) {
    args.text("type", "object");
    args.json("additionalProperties", "false");
    write_object(args.value("properties"), [&](Members& properties) {
      for (const WasmParam& one : param) {
        append_schema(properties.value(one.name), one.param_type, true);
      }
    });
    write_array(args.value("required"), [&](Members& required) {
      for (const WasmParam& one : param) append_json_string(required.item(), one.name);
    });
  });
}

// An array of exactly these.
template <class Items, class Append>
void append_tuple(std::string& out, const Items& items, Append append) {
  write_object(out, [&](Members& tuple) {
    tuple.text("type", "array");
    if (!items.empty()) {
      write_array(tuple.value("prefixItems"), [&](Members& all) {
        for (const auto& one : items) append(all.item(), one);
      });
    }
    tuple.json("minItems", std::to_string(items.size()));
    tuple.json("maxItems", std::to_string(items.size()));
  });
}

void append_call(std::string& out, std::string_view function, std::span<const WasmParam> param) {
  write_object(out, [&](Members& body) {
    body.text("type", "object");
    body.json("additionalProperties", "false");
    body.json("required", R"(["function","args"])");
    write_object(body.value("properties"), [&](Members& properties) {
      write_object(properties.value("function"),
                   [&](Members& name) { name.text("const", function); });
      std::string& args = properties.value("args");
      if (have_names(param)) {
        append_named(args, param);
      } else {
        append_tuple(args, param, [](std::string& item, const WasmParam& one) {
          append_schema(item, one.param_type, true);
        });
      }
    });
  });
}

void append_results(std::string& out, std::span<const ValueType> result) {
  out += R"({"type":"object","required":["results"],"properties":{"results":)";
  append_tuple(out, result,
               [](std::string& item, const ValueType& type) { append_schema(item, type, false); });
  out.append(",").append(kOutput).append("}}");
}

struct Forms {
  std::string request;
  std::string answer;
};

void append_operation(std::string& out, std::string_view name, std::string_view summary,
                      const Forms& forms) {
  constexpr unsigned kErrors[] = {400, 401, 403, 404, 422, 429, 503, 504};
  write_object(out, [&](Members& methods) {
    write_object(methods.value("post"), [&](Members& operation) {
      operation.text("operationId", name);
      operation.text("summary", summary);
      operation.json("requestBody", R"({"required":true,"content":{"application/json":{"schema":)" +
                                        forms.request + "}}}");
      write_object(operation.value("responses"), [&](Members& answers) {
        answers.json("200",
                     R"({"description":"what it gave","content":{"application/json":{"schema":)" +
                         forms.answer + "}}}");
        for (const unsigned status : kErrors)
          answers.json(std::to_string(status), R"({"$ref":"#/components/responses/Problem"})");
      });
      operation.json("security", R"([{},{"token":["execute"]}])");
    });
  });
}

Forms command_forms() {
  return {.request = R"({"type":"object","additionalProperties":false,"properties":{)"
                     R"("args":{"type":"array","items":{"type":"string"}},)"
                     R"("env":{"type":"object","additionalProperties":{"type":"string"}},)"
                     R"("stdin":{"type":"string"},)"
                     R"("stdin_base64":{"type":"string","contentEncoding":"base64"}}})",
          .answer = R"({"type":"object","required":["exit_code"],"properties":{)"
                    R"("exit_code":{"type":"integer","minimum":0,"maximum":4294967295},)" +
                    std::string(kOutput) + "}}"};
}

// As the client named the parameters of the function that an execution calls by default.
std::span<const WasmParam> params_of(const WasmMetaData& meta_data, const FunctionInfo& function) {
  return function.name == meta_data.run_function ? meta_data.param : function.param;
}

std::string signature(std::span<const WasmParam> param, std::span<const ValueType> result) {
  std::string text = "(";
  for (const WasmParam& one : param) {
    if (text.size() > 1) text += ", ";
    text.append(one.name).append(": ").append(to_text(one.param_type));
  }
  text += ") ->";
  for (const ValueType& type : result) text.append(" ").append(to_text(type));
  return text;
}

void append_functions(Members& paths, const WasmMetaData& meta_data) {
  for (const FunctionInfo& function : meta_data.info->functions) {
    if (!can_be_called(function)) continue;
    const auto param = params_of(meta_data, function);
    Forms forms;
    append_call(forms.request, function.name, param);
    append_results(forms.answer, function.result);
    std::string path = "/wasm/" + meta_data.id + "#";
    append_percent_encoded(path, function.name);
    append_operation(paths.value(path), function.name, signature(param, function.result), forms);
  }
}

// Nobody but the handler knows what it is asked and answers.
void append_handler(Members& paths, const std::string& id) {
  constexpr std::string_view kMethods[] = {"get", "head", "post", "put", "delete", "patch"};
  constexpr std::string_view kAnswers =
      R"({"default":{"description":"the handler's answer","content":{"*/*":{}}}})";
  for (const bool has_path : {false, true}) {
    write_object(paths.value("/http/" + id + (has_path ? "/{path}" : "")), [&](Members& methods) {
      if (has_path) {
        methods.json("parameters",
                     R"([{"name":"path","in":"path","required":true,"schema":{"type":"string"}}])");
      }
      for (const std::string_view method : kMethods) {
        write_object(methods.value(method), [&](Members& operation) {
          operation.text("operationId", std::string(has_path ? "path_" : "root_").append(method));
          operation.json("responses", kAnswers);
          operation.json("security", R"([{},{"token":["execute"]}])");
        });
      }
    });
  }
}

}  // namespace

std::size_t module_document_size(const ModuleInfo& info) {
  constexpr std::size_t kFunction = 1'200;
  return kFunction * (info.functions.size() + 1) + 4 * weight_of(info);
}

std::string module_document(const WasmMetaData& meta_data) {
  std::string out;
  write_object(out, [&](Members& members) {
    members.text("openapi", "3.1.0");
    write_object(members.value("info"), [&](Members& info) {
      info.text("title", meta_data.id);
      info.text("version", std::to_string(meta_data.revision));
      write_object(info.value("x-labels"), [&](Members& labels) {
        for (const auto& [key, value] : meta_data.labels) labels.text(key, value);
      });
    });
    members.json("servers", R"([{"url":"/"}])");
    write_object(members.value("paths"), [&](Members& paths) {
      if (meta_data.info->kind == ModuleKind::kHttp) {
        append_handler(paths, meta_data.id);
      } else if (meta_data.info->kind == ModuleKind::kCommand) {
        append_operation(paths.value("/wasm/" + meta_data.id), "run", "runs the command",
                         command_forms());
      } else {
        append_functions(paths, meta_data);
      }
    });
    write_object(members.value("components"), [](Members& components) {
      write_object(components.value("schemas"),
                   [](Members& schemas) { schemas.json("Problem", problem_schema()); });
      components.json("responses", problem_response());
      components.json("securitySchemes", security_schemes());
    });
  });
  return out;
}

}  // namespace wasm_server
