#include "handlers/http/connection_fields.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"

namespace wasm_server {
namespace {

constexpr std::string_view kAlways[] = {
    "connection", "keep-alive",       "transfer-encoding",  "upgrade",
    "te",         "proxy-connection", "proxy-authenticate", "proxy-authorization"};

}  // namespace

void ConnectionFields::add(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view name = trim(value.substr(0, comma));
    if (!name.empty()) named_.push_back(to_lower(name));
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

bool ConnectionFields::contains(std::string_view name) const {
  const auto is_name = [name](std::string_view lower) { return equals_lower(name, lower); };
  return std::ranges::any_of(kAlways, is_name) || std::ranges::any_of(named_, is_name);
}

}  // namespace wasm_server
