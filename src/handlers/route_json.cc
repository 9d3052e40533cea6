#include <iterator>
#include <string_view>

#include "base/json_text.h"
#include "base/text.h"
#include "handlers/route_table.h"

namespace wasm_server {
namespace {

template <class List, class Append>
void append_list(std::string& out, const List& list, Append append) {
  out += '[';
  for (const auto& item : list) {
    if (&item != &*std::begin(list)) out += ',';
    append(item);
  }
  out += ']';
}

void append_member(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  append_member(out, name);
  append_json_string(out, value);
}

template <class List>
void append_numbers(std::string& out, std::string_view name, const List& list) {
  append_member(out, name);
  append_list(out, list, [&out](std::uint16_t number) { append_number(out, number); });
}

void append_parameter(std::string& out, const QueryParameter& parameter) {
  out += '{';
  append_text(out, "name", parameter.name);
  append_member(out, "repeatable");
  out += parameter.repeatable ? "true}" : "false}";
}

void append_route(std::string& out, const Route& route) {
  out += '{';
  append_text(out, "name", route.name);
  append_text(out, "method", method_name(route.method));
  append_text(out, "pattern", route.pattern);
  append_text(out, "summary", route.summary);
  append_member(out, "query");
  append_list(out, route.query,
              [&out](const QueryParameter& parameter) { append_parameter(out, parameter); });
  append_member(out, "body_types");
  append_list(out, route.body_types,
              [&out](std::string_view type) { append_json_string(out, type); });
  append_text(out, "body", name_of(route.body));
  append_numbers(out, "statuses", route.statuses);
  append_text(out, "scope", name_of(route.scope));
  append_text(out, "cost", name_of(route.cost));
  out += '}';
}

}  // namespace

std::string routes_json() {
  std::string out = "{";
  append_numbers(out, "common_statuses", kCommonStatuses);
  append_member(out, "routes");
  append_list(out, route_table(), [&out](const Route& route) {
    out += '\n';
    append_route(out, route);
  });
  return out + "}\n";
}

}  // namespace wasm_server
