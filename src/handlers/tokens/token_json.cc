#include "handlers/tokens/token_json.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/json_text.h"
#include "base/text.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

std::unexpected<Error> unknown_field(JsonValue member) {
  return bad("unknown field " + quote(shorten(member.name())));
}

Result<TokenScopes> read_scopes(JsonValue value) {
  if (value.kind() != JsonKind::kArray) return bad("scopes must be an array of strings");
  TokenScopes scopes;
  for (const JsonValue element : value) {
    const bool is_text = element.kind() == JsonKind::kString;
    const auto scope = is_text ? scope_from_text(element.text()) : std::nullopt;
    if (!scope) return bad("a scope is one of read, write, execute and admin");
    scopes.add(*scope);
  }
  return scopes;
}

Result<std::chrono::seconds> read_seconds(JsonValue value) {
  const auto count =
      value.kind() == JsonKind::kNumber ? parse_unsigned(value.text()) : std::nullopt;
  if (count && *count <= std::numeric_limits<std::uint32_t>::max())
    return std::chrono::seconds(*count);
  return bad(std::string(value.name()) + " must be a whole number of seconds");
}

Result<std::uint64_t> read_amount(JsonValue value) {
  const auto amount =
      value.kind() == JsonKind::kNumber ? parse_unsigned(value.text()) : std::nullopt;
  if (amount) return *amount;
  return bad(std::string(value.name()) + " must be a whole number");
}

Result<std::string> read_text(JsonValue value) {
  if (value.kind() == JsonKind::kString) return std::string(value.text());
  return bad(std::string(value.name()) + " must be a string");
}

Result<JsonDocument> parse_object(std::string_view json) {
  TRY_ASSIGN(JsonDocument document, parse_json(json));
  if (document.root().kind() == JsonKind::kObject) return document;
  return bad("the body must be a JSON object");
}

void append_amount(Bytes& out, std::string_view name, std::optional<std::uint64_t> amount) {
  out.append(",\"").append(name).append("\":");
  out += amount ? std::to_string(*amount) : "null";
}

void append_time(Bytes& out, std::string_view name, std::optional<UnixMillis> time) {
  out.append(",\"").append(name).append("\":");
  if (!time) {
    out += "null";
    return;
  }
  out += '"';
  append_rfc3339(out, *time);
  out += '"';
}

}  // namespace

Result<TokenRequest> parse_token_request(std::string_view json) {
  TRY_ASSIGN(const JsonDocument document, parse_object(json));
  TokenRequest request;
  for (const JsonValue member : document.root()) {
    if (member.name() == "scopes") {
      TRY_ASSIGN(request.scopes, read_scopes(member));
    } else if (member.name() == "prefix") {
      TRY_ASSIGN(request.prefix, read_text(member));
    } else if (member.name() == "expires_in_s") {
      TRY_ASSIGN(request.lifetime, read_seconds(member));
    } else if (member.name() == "max_modules") {
      TRY_ASSIGN(request.quota.max_modules, read_amount(member));
    } else if (member.name() == "max_bytes") {
      TRY_ASSIGN(request.quota.max_bytes, read_amount(member));
    } else {
      return unknown_field(member);
    }
  }
  return request;
}

Result<std::chrono::seconds> parse_overlap(std::string_view json) {
  std::chrono::seconds overlap{0};
  if (json.empty()) return overlap;
  TRY_ASSIGN(const JsonDocument document, parse_object(json));
  for (const JsonValue member : document.root()) {
    if (member.name() != "overlap_s") return unknown_field(member);
    TRY_ASSIGN(overlap, read_seconds(member));
  }
  return overlap;
}

void append_token(Bytes& out, const AccessToken& token, std::string_view text) {
  out += '{';
  if (!text.empty()) {
    out += "\"token\":";
    append_json_string(out, text);
    out += ',';
  }
  out += "\"id\":";
  append_json_string(out, token.id);
  out += ",\"scopes\":[";
  std::string_view separator;
  for (const TokenScope scope : kTokenScopes) {
    if (!token.scopes.has(scope)) continue;
    out.append(separator).append("\"").append(to_text(scope)).append("\"");
    separator = ",";
  }
  out += "],\"prefix\":";
  append_json_string(out, token.prefix);
  append_amount(out, "max_modules", token.quota.max_modules);
  append_amount(out, "max_bytes", token.quota.max_bytes);
  append_time(out, "created_at", token.created_at);
  append_time(out, "expires_at", token.expires_at);
  append_time(out, "last_used_at", token.last_used_at);
  out += '}';
}

}  // namespace wasm_server
