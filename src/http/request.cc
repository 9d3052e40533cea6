#include "http/request.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace wasm_server {
namespace {

// Calls `visit(raw_name, raw_value)` for each parameter until it returns true.
template <class Visit>
void for_each_parameter(std::string_view query, Visit visit) {
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(item.size() + 1, query.size()));
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    const std::string_view value =
        equals == item.npos ? std::string_view{} : item.substr(equals + 1);
    if (visit(item.substr(0, equals), value)) return;
  }
}

bool is_parameter(std::string_view raw_name, std::string_view name) {
  if (raw_name == name) return true;
  const auto decoded = percent_decode(raw_name, true);
  return decoded && *decoded == name;
}

// What cannot be decoded is taken as it stands: the session has refused it in paths, and in a query
// it is data.
std::string decode_or_raw(std::string_view raw) {
  auto decoded = percent_decode(raw, true);
  return decoded ? std::move(*decoded) : std::string(raw);
}

}  // namespace

std::string_view Request::header(std::string_view lower_case_name) const {
  for (const Header& header : headers) {
    if (equals_lower(header.name, lower_case_name)) return header.value;
  }
  return {};
}

std::string Request::header_list(std::string_view lower_case_name) const {
  std::string list;
  for (const Header& header : headers) {
    if (!equals_lower(header.name, lower_case_name)) continue;
    if (!list.empty()) list += ", ";
    list += header.value;
  }
  return list;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  std::optional<std::string> found;
  for_each_parameter(query, [&](std::string_view raw_name, std::string_view raw_value) {
    if (!is_parameter(raw_name, name)) return false;
    found = decode_or_raw(raw_value);
    return true;
  });
  return found;
}

std::vector<std::string> Request::query_values(std::string_view name) const {
  std::vector<std::string> found;
  for_each_parameter(query, [&](std::string_view raw_name, std::string_view raw_value) {
    if (is_parameter(raw_name, name)) found.push_back(decode_or_raw(raw_value));
    return false;
  });
  return found;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  if (text.find_first_of(plus_is_space ? "%+" : "%") == text.npos) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      std::array<std::uint8_t, 1> byte{};
      if (!decode_hex(text.substr(i + 1, 2), byte)) return std::nullopt;
      decoded += static_cast<char>(byte[0]);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace wasm_server
