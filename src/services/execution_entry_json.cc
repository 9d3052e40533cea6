#include "services/execution_entry_json.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_bytes.h"
#include "base/json_text.h"
#include "base/text.h"

namespace wasm_server {
namespace {

void append_text(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

void append_details(std::string& out, const ExecutionEntry::Details& details) {
  append_text(out, "request_id", details.request_id);
  if (!details.detail.empty()) append_text(out, "detail", details.detail);
  if (!details.stderr_bytes.empty()) append_bytes_member(out, "stderr", details.stderr_bytes);
  if (details.stderr_cut) out += ",\"stderr_cut\":true";
}

using Members = std::map<std::string_view, JsonValue>;

std::string_view text_of(const Members& members, std::string_view name, JsonKind kind) {
  const auto found = members.find(name);
  return found == members.end() || found->second.kind() != kind ? "" : found->second.text();
}

std::optional<std::uint64_t> number_of(const Members& members, std::string_view name) {
  return parse_unsigned(text_of(members, name, JsonKind::kNumber));
}

std::shared_ptr<const ExecutionEntry::Details> details_of(const Members& members) {
  if (!members.contains("request_id")) return nullptr;
  auto details = std::make_shared<ExecutionEntry::Details>();
  details->request_id = text_of(members, "request_id", JsonKind::kString);
  details->detail = text_of(members, "detail", JsonKind::kString);
  details->stderr_bytes = text_of(members, "stderr", JsonKind::kString);
  if (auto bytes = decode_base64(text_of(members, "stderr_base64", JsonKind::kString));
      bytes && !bytes->empty()) {
    details->stderr_bytes = *std::move(bytes);
  }
  details->stderr_cut = members.contains("stderr_cut");
  return details;
}

}  // namespace

void append_members(std::string& out, const ExecutionEntry& entry) {
  out += "\"number\":";
  append_number(out, entry.number);
  out += ",\"ended_at\":\"";
  append_rfc3339(out, entry.ended_at);
  out += "\",\"revision\":";
  append_number(out, entry.revision);
  if (!entry.function.empty()) append_text(out, "function", entry.function);
  append_text(out, "ended", entry.ended);
  if (entry.exit_code) {
    out += ",\"exit_code\":";
    append_number(out, *entry.exit_code);
  }
  out += ",\"run_us\":";
  append_number(out, static_cast<std::uint64_t>(entry.run.count()));
  if (entry.details) append_details(out, *entry.details);
}

std::string execution_line(std::string_view module, const ExecutionEntry& entry) {
  std::string line = "{\"wasm_id\":";
  append_json_string(line, module);
  line += ",\"ended_at_ms\":";
  append_number(line, static_cast<std::uint64_t>(entry.ended_at));
  line += ',';
  append_members(line, entry);
  return line += "}\n";
}

std::optional<ExecutionLog::Recorded> parse_execution_line(std::string_view line) {
  const auto document = parse_json(line);
  if (!document || document->root().kind() != JsonKind::kObject) return std::nullopt;
  Members members;
  for (const JsonValue member : document->root()) members.emplace(member.name(), member);
  const auto number = number_of(members, "number");
  const auto ended_at = number_of(members, "ended_at_ms");
  const auto revision = number_of(members, "revision");
  const auto run = number_of(members, "run_us");
  const std::string_view module = text_of(members, "wasm_id", JsonKind::kString);
  const std::string_view ended = text_of(members, "ended", JsonKind::kString);
  if (module.empty() || !number || !ended_at || !revision || !run || ended.empty())
    return std::nullopt;
  ExecutionEntry entry;
  entry.number = *number;
  entry.ended_at = static_cast<UnixMillis>(*ended_at);
  entry.revision = *revision;
  entry.function = text_of(members, "function", JsonKind::kString);
  entry.ended = ended;
  if (const auto code = number_of(members, "exit_code"))
    entry.exit_code = static_cast<std::uint32_t>(*code);
  entry.run = std::chrono::microseconds(*run);
  entry.details = details_of(members);
  return ExecutionLog::Recorded{std::string(module), std::move(entry)};
}

}  // namespace wasm_server
