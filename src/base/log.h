#pragma once

// The log, on standard error: one line per event. Safe from any thread. The app
// sets its format and level; until then spdlog's defaults hold.

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace wasm_server {

void log_info(std::string_view text);
void log_warning(std::string_view text);
void log_error(std::string_view text);

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::uint64_t> value;
};
// An event of many fields, at level info: `event name=value name="other value"`, or as members of
// the line's object where the log is in JSON. No text can end the line, or be taken for a field.
void log_event(std::string_view event, std::span<const LogField> fields);

// Of log_event(), and of who writes the lines. Set once, before there are threads.
enum class LogFormat : std::uint8_t { kText, kJson };
void set_log_format(LogFormat format);
// The name of the logger whose messages are the members of an object already.
inline constexpr std::string_view kEventLogger = "event";

}  // namespace wasm_server
