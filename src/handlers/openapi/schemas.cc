#include "handlers/openapi/schemas.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace wasm_server {
namespace {

constexpr std::string_view kSchemas = R"({
"Id":{"type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"},
"Time":{"type":"string","format":"date-time"},
"Count":{"type":"integer","minimum":0},
"Labels":{"type":"object","additionalProperties":{"type":"string","maxLength":1024},"maxProperties":64},
"Environment":{"type":"object","description":"values, or the names of secrets","maxProperties":256,
  "additionalProperties":{"oneOf":[{"type":"string"},{"$ref":"#/components/schemas/SecretName"}]}},
"SecretName":{"type":"object","required":["secret"],"additionalProperties":false,
  "properties":{"secret":{"$ref":"#/components/schemas/Id"}}},
"ValueType":{"type":"string","maxLength":65536,
  "description":"i32, i64, f32, f64, v128, funcref, externref; of a component, a type as WIT writes it"},
"Param":{"type":"object","required":["name","param_type"],
  "properties":{"name":{"type":"string"},"param_type":{"$ref":"#/components/schemas/ValueType"}}},
"ParamName":{"type":"object","required":["name"],"additionalProperties":false,
  "properties":{"name":{"type":"string","minLength":1},
    "param_type":{"$ref":"#/components/schemas/ValueType"}}},
"Function":{"type":"object","required":["name","param","result"],
  "properties":{"name":{"type":"string"},
    "param":{"type":"array","items":{"$ref":"#/components/schemas/Param"}},
    "result":{"type":"array","items":{"$ref":"#/components/schemas/ValueType"}}}},
"Import":{"type":"object","required":["module","name"],
  "properties":{"module":{"type":"string"},"name":{"type":"string"}}},
"Limits":{"type":"object","additionalProperties":false,"properties":{
  "timeout_ms":{"type":"integer","minimum":1},
  "memory_bytes":{"$ref":"#/components/schemas/Count"},
  "output_bytes":{"$ref":"#/components/schemas/Count"},
  "max_concurrency":{"$ref":"#/components/schemas/Count","description":"0: no cap of its own"},
  "max_queue":{"$ref":"#/components/schemas/Count","description":"0: no cap of its own"}}},
"MetaData":{"type":"object",
  "required":["run_function","size","param","result","kind","digest","revision","state","labels",
    "limits","functions","args","env","imports","created_at","updated_at"],
  "properties":{
    "run_function":{"type":"string","description":"what an execution calls that names none; empty: none"},
    "size":{"$ref":"#/components/schemas/Count"},
    "param":{"type":"array","items":{"$ref":"#/components/schemas/Param"}},
    "result":{"type":"array","items":{"$ref":"#/components/schemas/ValueType"}},
    "kind":{"type":"string","enum":["module","command","component","http"]},
    "digest":{"type":"string","pattern":"^sha256:[0-9a-f]{64}$"},
    "revision":{"type":"integer","minimum":1},
    "state":{"type":"string","enum":["compiling","ready","failed"]},
    "state_detail":{"type":"string","description":"why it failed"},
    "labels":{"$ref":"#/components/schemas/Labels"},
    "limits":{"$ref":"#/components/schemas/Limits"},
    "functions":{"type":"array","items":{"$ref":"#/components/schemas/Function"}},
    "args":{"type":"array","items":{"type":"string"}},
    "env":{"$ref":"#/components/schemas/Environment"},
    "output_types":{"type":"array","items":{"type":"string"}},
    "egress":{"type":"array","items":{"type":"string"},
      "description":"hosts that a component may send requests to"},
    "imports":{"type":"array","items":{"$ref":"#/components/schemas/Import"}},
    "created_at":{"$ref":"#/components/schemas/Time"},
    "updated_at":{"$ref":"#/components/schemas/Time"}}},
"Module":{"type":"object","required":["id","meta_data"],
  "properties":{"id":{"$ref":"#/components/schemas/Id"},
    "meta_data":{"$ref":"#/components/schemas/MetaData"}}},
"WasmStorage":{"type":"object","required":["id","meta_data"],
  "properties":{"id":{"$ref":"#/components/schemas/Id"},
    "wasm":{"type":"string","contentEncoding":"base64","description":"left out with wasm=false"},
    "meta_data":{"$ref":"#/components/schemas/MetaData"}}},
"ModulePage":{"type":"object","required":["items"],"properties":{
  "items":{"type":"array","items":{"$ref":"#/components/schemas/Module"}},
  "next":{"$ref":"#/components/schemas/Id"},
  "damaged":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"},
    "after":{"type":"string"},"before":{"type":"string"}}}}}},
"Revisions":{"type":"object","required":["items"],"properties":{
  "items":{"type":"array","items":{"$ref":"#/components/schemas/Module"}}}},
"Egress":{"type":["array","null"],"items":{"type":"string","maxLength":255},"maxItems":64,
  "description":"hosts that a component may send requests to: api.example.org (at 443 by https, at 80 by http), api.example.org:8443, *.example.net, 192.0.2.1; null: none"},
"WasmRequest":{"type":"object","required":["wasm"],"additionalProperties":false,"properties":{
  "wasm":{"type":"string","contentEncoding":"base64"},
  "id":{"$ref":"#/components/schemas/Id"},
  "function":{"type":"string"},
  "param":{"type":"array","items":{"$ref":"#/components/schemas/ParamName"}},
  "labels":{"$ref":"#/components/schemas/Labels"},
  "limits":{"$ref":"#/components/schemas/Limits"},
  "env":{"$ref":"#/components/schemas/Environment"},
  "args":{"type":"array","items":{"type":"string"},"maxItems":1024},
  "output_types":{"type":"array","items":{"type":"string"},"maxItems":16},
  "egress":{"$ref":"#/components/schemas/Egress"}}},
"WasmChange":{"type":"object","additionalProperties":false,"properties":{
  "wasm":{"type":"string","contentEncoding":"base64"},
  "revision":{"type":"integer","minimum":1,"description":"the one to return to; excludes wasm"},
  "function":{"type":"string"},
  "param":{"type":"array","items":{"$ref":"#/components/schemas/ParamName"}},
  "labels":{"$ref":"#/components/schemas/Labels"},
  "limits":{"$ref":"#/components/schemas/Limits"},
  "env":{"$ref":"#/components/schemas/Environment"},
  "args":{"type":"array","items":{"type":"string"},"maxItems":1024},
  "output_types":{"type":"array","items":{"type":"string"},"maxItems":16},
  "egress":{"$ref":"#/components/schemas/Egress"}}},
"Value":{"description":"a number, or text where a number does not do: beyond 2^53, NaN, v128",
  "type":["number","string","null"]},
"Execution":{"oneOf":[
  {"type":"array","items":{"$ref":"#/components/schemas/Value"}},
  {"type":"object","additionalProperties":false,"properties":{
    "function":{"type":"string"},
    "args":{"oneOf":[{"type":"array","items":{"$ref":"#/components/schemas/Value"}},
      {"type":"object","additionalProperties":{"$ref":"#/components/schemas/Value"}}]},
    "env":{"type":"object","additionalProperties":{"type":"string"}},
    "stdin":{"type":"string"},
    "stdin_base64":{"type":"string","contentEncoding":"base64"}}}]},
"ExecutionResult":{"type":"object","properties":{
  "results":{"type":"array","items":{"$ref":"#/components/schemas/Value"}},
  "exit_code":{"type":"integer","minimum":0,"maximum":4294967295},
  "stdout":{"type":"string"},"stdout_base64":{"type":"string","contentEncoding":"base64"},
  "stderr":{"type":"string"},"stderr_base64":{"type":"string","contentEncoding":"base64"}},
  "anyOf":[{"required":["results"]},{"required":["exit_code"]}]},
"LogEntry":{"type":"object","required":["number","ended_at","revision","ended","run_us"],
  "properties":{
    "number":{"$ref":"#/components/schemas/Count"},
    "ended_at":{"$ref":"#/components/schemas/Time"},
    "revision":{"type":"integer","minimum":1},
    "function":{"type":"string"},
    "ended":{"type":"string","description":"returned, exited, cancelled, or the code of an error"},
    "exit_code":{"type":"integer","minimum":0},
    "run_us":{"$ref":"#/components/schemas/Count"},
    "request_id":{"type":"string"},"detail":{"type":"string"},
    "stderr":{"type":"string"},"stderr_base64":{"type":"string","contentEncoding":"base64"},
    "stderr_cut":{"type":"boolean"}}},
"LogPage":{"type":"object","required":["items"],"properties":{
  "items":{"type":"array","items":{"$ref":"#/components/schemas/LogEntry"}},
  "next":{"$ref":"#/components/schemas/Count"}}},
"Scope":{"type":"string","enum":["read","write","execute","admin"]},
"TokenRequest":{"type":"object","required":["scopes"],"additionalProperties":false,"properties":{
  "scopes":{"type":"array","items":{"$ref":"#/components/schemas/Scope"},"minItems":1},
  "prefix":{"type":"string"},
  "max_modules":{"$ref":"#/components/schemas/Count"},
  "max_bytes":{"$ref":"#/components/schemas/Count"},
  "expires_in_s":{"type":"integer","minimum":1}}},
"TokenRotation":{"type":"object","additionalProperties":false,"properties":{
  "overlap_s":{"$ref":"#/components/schemas/Count",
    "description":"so long the former text is good too"}}},
"Token":{"type":"object",
  "required":["id","scopes","prefix","max_modules","max_bytes","created_at","expires_at","last_used_at"],
  "properties":{
    "id":{"type":"string"},
    "scopes":{"type":"array","items":{"$ref":"#/components/schemas/Scope"}},
    "prefix":{"type":"string"},
    "max_modules":{"type":["integer","null"]},"max_bytes":{"type":["integer","null"]},
    "created_at":{"$ref":"#/components/schemas/Time"},
    "expires_at":{"oneOf":[{"$ref":"#/components/schemas/Time"},{"type":"null"}]},
    "last_used_at":{"oneOf":[{"$ref":"#/components/schemas/Time"},{"type":"null"}]}}},
"IssuedToken":{"allOf":[{"$ref":"#/components/schemas/Token"},
  {"type":"object","required":["token"],"properties":{"token":{"type":"string"}}}]},
"TokenList":{"type":"object","required":["items"],"properties":{
  "items":{"type":"array","items":{"$ref":"#/components/schemas/Token"}}}},
"SecretList":{"type":"object","required":["items"],"properties":{"items":{"type":"array","items":{
  "type":"object","required":["name","created_at","updated_at"],"properties":{
    "name":{"$ref":"#/components/schemas/Id"},
    "created_at":{"$ref":"#/components/schemas/Time"},
    "updated_at":{"$ref":"#/components/schemas/Time"}}}}}},
"Status":{"type":"object","required":["status"],"properties":{"status":{"const":"ok"}}},
"OpenApi":{"type":"object","required":["openapi","info","paths"]},
"Problem":{"type":"object","description":"RFC 9457",
  "required":["type","title","status","detail","code","request_id"],"properties":{
    "type":{"type":"string"},"title":{"type":"string"},
    "status":{"type":"integer","minimum":400,"maximum":599},
    "detail":{"type":"string"},
    "code":{"type":"string","description":"stable: what a program goes by"},
    "request_id":{"type":"string"},
    "trap":{"type":"string"},
    "backtrace":{"type":"array","items":{"type":"object","required":["function"],"properties":{
      "function":{"type":"string"},"offset":{"type":"integer","minimum":0}}}},
    "stdout":{"type":"string"},"stdout_base64":{"type":"string"},
    "stderr":{"type":"string"},"stderr_base64":{"type":"string"}}}
})";

struct Parameter {
  std::string_view name;
  std::string_view schema;
};

constexpr Parameter kParameters[] = {
    {"after", R"({"type":"string"})"},
    {"arg", R"({"type":"array","items":{"type":"string"}})"},
    {"env", R"({"type":"array","items":{"type":"string","pattern":"^[^=]+="}})"},
    {"follow", R"({"type":"boolean","default":false})"},
    {"from", R"({"type":"string"})"},
    {"function", R"({"type":"string"})"},
    {"id", R"({"$ref":"#/components/schemas/Id"})"},
    {"kind", R"({"type":"string","enum":["module","command"]})"},
    {"label", R"({"type":"array","items":{"type":"string","pattern":"^[^=]+="}})"},
    {"limit", R"({"type":"integer","minimum":1,"maximum":1000,"default":100})"},
    {"prefix", R"({"type":"string"})"},
    {"revision", R"({"type":"integer","minimum":1})"},
    {"wasm", R"({"type":"boolean","default":true})"},
};

}  // namespace

std::string_view api_schemas() { return kSchemas; }

// The last of them, which refers to no other.
std::string_view problem_schema() {
  constexpr std::string_view kBeginning = "\"Problem\":";
  constexpr std::size_t kEnd = 2;  // of the object around it
  const std::size_t at = kSchemas.find(kBeginning) + kBeginning.size();
  return kSchemas.substr(at, kSchemas.size() - kEnd - at);
}

std::string_view problem_response() {
  return R"({"Problem":{"description":"why not","content":{"application/problem+json":)"
         R"({"schema":{"$ref":"#/components/schemas/Problem"}}}}})";
}

std::string_view security_schemes() {
  return R"({"token":{"type":"http","scheme":"bearer","description":"an access token, )"
         R"(with the scope that an operation names"}})";
}

std::string_view parameter_schema(std::string_view name) {
  const auto* const found = std::ranges::find(kParameters, name, &Parameter::name);
  return found == std::end(kParameters) ? std::string_view{} : found->schema;
}

}  // namespace wasm_server
