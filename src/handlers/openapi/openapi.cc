#include "handlers/openapi/openapi.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "handlers/openapi/json_writer.h"
#include "handlers/openapi/module_document.h"
#include "handlers/openapi/operations.h"
#include "handlers/openapi/schemas.h"
#include "handlers/revision_query.h"
#include "handlers/route_table.h"

namespace wasm_server {
namespace {

constexpr std::string_view kVersion = "2";  // of the contract
constexpr std::uint16_t kFirstError = 400;

[[noreturn]] void differ(std::string_view route, std::string_view what) {
  throw std::logic_error("the API's description of " + std::string(route) + ": " +
                         std::string(what));
}

const Operation& operation_of(const Route& route) {
  const auto all = operations();
  const auto found = std::ranges::find(all, route.name, &Operation::route);
  if (found == all.end()) differ(route.name, "there is none");
  return *found;
}

void check_answers(const Route& route, const Operation& operation) {
  std::set<std::uint16_t> told;
  for (const AnswerForm& answer : operation.answers) told.insert(answer.status);
  std::set<std::uint16_t> given;
  for (const std::uint16_t status : route.statuses)
    if (status < kFirstError) given.insert(status);
  if (told != given) differ(route.name, "its answers are others");
}

void check_request(const Route& route, const Operation& operation) {
  std::set<std::string_view> told;
  for (const BodyForm& form : operation.request) told.insert(form.media_type);
  const std::set<std::string_view> taken(route.body_types.begin(), route.body_types.end());
  if (told != taken) differ(route.name, "its bodies are others");
}

void append_schema(std::string& out, std::string_view schema) {
  if (schema.empty()) {
    out += "{}";
    return;
  }
  write_object(out, [&](Members& members) {
    members.text("$ref", "#/components/schemas/" + std::string(schema));
  });
}

template <class Forms>
void append_content(Members& members, const Forms& forms) {
  if (forms.empty()) return;
  write_object(members.value("content"), [&](Members& content) {
    for (const BodyForm& form : forms) {
      write_object(content.value(form.media_type),
                   [&](Members& media) { append_schema(media.value("schema"), form.schema); });
    }
  });
}

void append_parameter(std::string& out, std::string_view name, std::string_view place,
                      std::string_view schema) {
  write_object(out, [&](Members& members) {
    members.text("name", name);
    members.text("in", place);
    if (place == "path") members.json("required", "true");
    members.json("schema", schema);
  });
}

void append_parameters(Members& members, const Route& route, const Operation& operation) {
  constexpr std::string_view kAnyText = R"({"type":"string"})";
  write_array(members.value("parameters"), [&](Members& all) {
    if (route.pattern.find("{id}") != std::string_view::npos)
      append_parameter(all.item(), "id", "path", parameter_schema("id"));
    if (route.pattern.ends_with('*')) append_parameter(all.item(), "path", "path", kAnyText);
    for (const QueryParameter& parameter : route.query) {
      const std::string_view schema = parameter_schema(parameter.name);
      if (schema.empty()) differ(route.name, "a parameter has no schema");
      append_parameter(all.item(), parameter.name, "query", schema);
    }
    for (const std::string_view header : operation.headers) {
      if (header == "Accept") continue;  // of the answers' types
      append_parameter(all.item(), header, "header", kAnyText);
    }
  });
}

void append_request(Members& members, const Operation& operation) {
  if (operation.request.empty()) return;
  write_object(members.value("requestBody"), [&](Members& body) {
    if (operation.needs_request) body.json("required", "true");
    append_content(body, operation.request);
  });
}

void append_answers(Members& members, const Route& route, const Operation& operation) {
  std::set<std::uint16_t> errors(std::begin(kCommonStatuses), std::end(kCommonStatuses));
  for (const std::uint16_t status : route.statuses)
    if (status >= kFirstError) errors.insert(status);
  write_object(members.value("responses"), [&](Members& all) {
    for (const AnswerForm& answer : operation.answers) {
      write_object(all.value(std::to_string(answer.status)), [&](Members& one) {
        one.text("description", answer.description);
        append_content(one, answer.bodies);
      });
    }
    for (const std::uint16_t status : errors)
      all.json(std::to_string(status), R"({"$ref":"#/components/responses/Problem"})");
  });
}

void append_security(Members& members, const Route& route) {
  if (route.scope == Scope::kNone) {
    members.json("security", "[]");
    return;
  }
  write_array(members.value("security"), [&](Members& all) {
    all.item() += "{}";  // as long as there is no token
    write_object(all.item(), [&](Members& scheme) {
      write_array(scheme.value("token"), [&](Members& scopes) {
        append_json_string(scopes.item(), name_of(route.scope));
      });
    });
  });
}

// The last segment of a pattern as OpenAPI has it: a parameter, in which a slash is encoded for who
// follows the document to the letter.
std::string path_of(const Route& route) {
  std::string path(route.pattern);
  if (path.ends_with('*')) path.replace(path.size() - 1, 1, "{path}");
  return path;
}

void append_operation(std::string& out, const Route& route, std::string_view id) {
  const Operation& operation = operation_of(route);
  check_answers(route, operation);
  check_request(route, operation);
  write_object(out, [&](Members& members) {
    members.text("operationId", id);
    members.text("summary", route.summary);
    if (!operation.description.empty()) members.text("description", operation.description);
    write_array(members.value("tags"),
                [&](Members& tags) { append_json_string(tags.item(), operation.tag); });
    append_parameters(members, route, operation);
    append_request(members, operation);
    append_answers(members, route, operation);
    append_security(members, route);
  });
}

// Of a route that takes any method, one for each that OpenAPI knows and a client is likely to send.
void append_operations(Members& methods, const Route& route) {
  constexpr std::string_view kAny[] = {"get", "head", "post", "put", "delete", "options", "patch"};
  if (route.method != Method::kAny) {
    append_operation(methods.value(to_lower(method_name(route.method))), route, route.name);
    return;
  }
  for (const std::string_view method : kAny)
    append_operation(methods.value(method), route,
                     std::string(route.name).append("_").append(method));
}

void append_paths(Members& members, std::span<const Route> routes) {
  std::map<std::string, std::vector<const Route*>> by_path;
  for (const Route& route : routes) by_path[path_of(route)].push_back(&route);
  write_object(members.value("paths"), [&](Members& paths) {
    for (const auto& [path, of_path] : by_path) {
      write_object(paths.value(path), [&](Members& methods) {
        for (const Route* route : of_path) append_operations(methods, *route);
      });
    }
  });
}

void append_components(Members& members) {
  write_object(members.value("components"), [](Members& components) {
    components.json("schemas", api_schemas());
    components.json("responses", problem_response());
    components.json("securitySchemes", security_schemes());
  });
}

Reply get_openapi(const SharedBytes& document) {
  Reply reply;
  reply.content_type = "application/json";
  reply.body = document;
  return reply;
}

Task<Reply> write_module_document(const HandlerDeps& deps, Request& request,
                                  WasmMetaData meta_data) {
  std::move_only_function<Result<Reply>()> write =
      [answers = &deps.answers, meta_data = std::move(meta_data)]() -> Result<Reply> {
    TRY_ASSIGN(MemoryShare share, answers->take(module_document_size(*meta_data.info)));
    return with_memory(json_reply(200, module_document(meta_data)), std::move(share));
  };
  auto writing = deps.helpers.run<Reply>(std::move(write));
  auto written = co_await std::move(writing);
  if (!written) co_return problem(written.error(), request.request_id);
  co_return *std::move(written);
}

Answer get_module_openapi(const HandlerDeps& deps, Request& request) {
  const auto revision = parse_revision(request);
  if (!revision) return problem(revision.error(), request.request_id);
  auto meta_data = deps.modules.find(request.id, *revision);
  if (!meta_data) return problem(meta_data.error(), request.request_id);
  return write_module_document(deps, request, *std::move(meta_data));
}

}  // namespace

std::string openapi_document(std::span<const Route> routes) {
  for (const Operation& operation : operations()) {
    if (std::ranges::find(routes, operation.route, &Route::name) == routes.end())
      differ(operation.route, "there is no such route");
  }
  std::string out;
  write_object(out, [&](Members& members) {
    members.text("openapi", "3.1.0");
    write_object(members.value("info"), [](Members& info) {
      info.text("title", "wasm-server");
      info.text("summary", "stores WebAssembly modules and executes them");
      info.text("version", kVersion);
      info.json("license", R"({"name":"Apache 2.0","identifier":"Apache-2.0"})");
    });
    members.json("servers", R"([{"url":"/"}])");
    append_paths(members, routes);
    append_components(members);
  });
  return out;
}

void register_openapi(Router& router, const HandlerDeps& deps) {
  router.bind("get_module_openapi",
              [&deps](Request& request) { return get_module_openapi(deps, request); });
  // One for the routers of all workers.
  static const auto document = std::make_shared<const Bytes>(openapi_document(route_table()));
  router.bind("get_openapi", [](const Request&) { return get_openapi(document); });
}

}  // namespace wasm_server
