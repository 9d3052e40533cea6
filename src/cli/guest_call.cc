#include "cli/guest_call.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "cli/guest_output.h"
#include "cli/guest_streams.h"
#include "cli/text/arguments.h"
#include "cli/text/nearest.h"
#include "model/component_names.h"

namespace wasm_server::cli {
namespace {

std::vector<std::string> function_names(const ModuleView& module) {
  std::vector<std::string> names;
  for (const FunctionView& function : module.functions) names.push_back(function.name);
  return names;
}

// A few names of what may be many.
std::string some(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += (i == 0 ? "" : ", ") + shorten(names[i]);
  return names.size() > kShown ? text + ", ..." : text;
}

// A component's functions are also known without their interface, and by WIT's own spelling.
bool is_called(const FunctionView& function, const std::string& name) {
  return function_part(function.name) == name || function.name == name_from_wit(name);
}

Outcome<FunctionView> function_of(const ModuleView& module, const std::string& asked) {
  const std::vector<std::string> names = function_names(module);
  const std::string& name = asked.empty() ? module.run_function : asked;
  if (module.kind == "http") {
    return failure(kWrongRun,
                   module.id + " is an HTTP handler: send it requests at /http/" + module.id);
  }
  if (name.empty()) {
    return failure(kWrongRun, names.empty() ? module.id + " exports no function"
                                            : module.id +
                                                  " has several functions; --function "
                                                  "names one: " +
                                                  some(names));
  }
  const auto exact = std::ranges::find(module.functions, name, &FunctionView::name);
  if (exact != module.functions.end()) return *exact;
  const auto like = std::ranges::find_if(
      module.functions, [&](const FunctionView& function) { return is_called(function, name); });
  if (like != module.functions.end()) return *like;
  return failure(kWrongRun, module.id + " has no function " + quote(shorten(name)) +
                                did_you_mean(name, names) +
                                (names.empty() ? "" : "; it has " + some(names)));
}

bool runs_command(const ModuleView& module, const GuestCall& call) {
  return module.is_command() && (call.function.empty() || call.function == module.run_function);
}

std::string call_json(const FunctionView& function, const std::string& arguments,
                      const GuestCall& call) {
  std::string json = "{\"function\":";
  append_json_string(json, function.name);
  json += ",\"args\":" + arguments;
  if (!call.env.empty()) json += ",\"env\":" + json_object(call.env);
  return json + "}";
}

Outcome<HttpRequest> function_request(const ModuleView& module, const FunctionView& function,
                                      const GuestCall& call, std::string& body) {
  TRY_ASSIGN(const std::string arguments, arguments_json(function, call.words));
  body = call_json(function, arguments, call);
  HttpRequest request = call_request(module, call, {});
  request.headers.push_back("Content-Type: application/json");
  request.body = body;
  return request;
}

Outcome<int> call_function(ApiClient& api, const Terminal& terminal, const ModuleView& module,
                           const GuestCall& call) {
  TRY_ASSIGN(const FunctionView function, function_of(module, call.function));
  std::string body;
  TRY_ASSIGN(const HttpRequest request, function_request(module, function, call, body));
  TRY_ASSIGN(const HttpAnswer answer, api.send(request));
  return print_answer(api, terminal, answer, {call.json, function.results});
}

}  // namespace

HttpRequest call_request(const ModuleView& module, const GuestCall& call,
                         const std::string& query) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/wasm/" + url_encode(module.id);
  char separator = '?';
  const auto add = [&](const std::string& part) {
    request.target += std::exchange(separator, '&') + part;
  };
  if (call.revision) add("revision=" + std::to_string(*call.revision));
  if (!query.empty()) add(query);
  if (call.timeout)
    request.headers.push_back("Wasm-Timeout-Ms: " + std::to_string(call.timeout->count()));
  request.stalled_after = 0;  // a guest may be silent for as long as its deadline allows
  return request;
}

Outcome<int> call_guest(ApiClient& api, const Terminal& terminal, const ModuleView& module,
                        const GuestCall& call) {
  return runs_command(module, call) ? run_with_streams(api, terminal, module, call)
                                    : call_function(api, terminal, module, call);
}

Outcome<HttpRequest> repeatable_request(const ModuleView& module, const GuestCall& call,
                                        std::string& body) {
  HttpRequest request;
  if (runs_command(module, call)) {
    body.clear();
    request = command_request(module, call);
    request.body = body;
  } else {
    TRY_ASSIGN(const FunctionView function, function_of(module, call.function));
    TRY_ASSIGN(request, function_request(module, function, call, body));
  }
  request.on_body = [](std::string_view) { return Outcome<void>{}; };
  return request;
}

}  // namespace wasm_server::cli
