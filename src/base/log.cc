#include "base/log.h"

#include <algorithm>
#include <string>

#include <spdlog/spdlog.h>

#include "base/json_text.h"
#include "base/text.h"

namespace wasm_server {
namespace {

LogFormat format = LogFormat::kText;

bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return ascii_alnum(c) || std::string_view{"._:/+@-"}.find(c) != std::string_view::npos;
  });
}

void append_value(std::string& out, const LogField& field) {
  if (const auto* const number = std::get_if<std::uint64_t>(&field.value)) {
    append_number(out, *number);
    return;
  }
  const auto text = std::get<std::string_view>(field.value);
  if (format == LogFormat::kText && is_plain(text)) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

std::string as_text(std::string_view event, std::span<const LogField> fields) {
  std::string line(event);
  for (const LogField& field : fields) {
    line.append(" ").append(field.name).append("=");
    append_value(line, field);
  }
  return line;
}

std::string as_members(std::string_view event, std::span<const LogField> fields) {
  std::string members = "\"event\":";
  append_json_string(members, event);
  for (const LogField& field : fields) {
    members += ',';
    append_json_string(members, field.name);
    members += ':';
    append_value(members, field);
  }
  return members;
}

}  // namespace

void log_info(std::string_view text) { spdlog::info("{}", text); }
void log_warning(std::string_view text) { spdlog::warn("{}", text); }
void log_error(std::string_view text) { spdlog::error("{}", text); }

void set_log_format(LogFormat chosen) { format = chosen; }

void log_event(std::string_view event, std::span<const LogField> fields) {
  if (!spdlog::should_log(spdlog::level::info)) return;
  if (format == LogFormat::kText) {
    spdlog::info("{}", as_text(event, fields));
  } else if (const auto logger = spdlog::get(std::string(kEventLogger))) {
    logger->info("{}", as_members(event, fields));
  }
}

}  // namespace wasm_server
