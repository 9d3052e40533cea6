#include "store/record_check.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "store/guest_secret_repository.h"
#include "store/module_record.h"
#include "store/token_record.h"

namespace wasm_server {
namespace {

constexpr std::size_t kNumber = 8;  // bytes of a revision in a key

std::unexpected<Error> damaged(std::string why) {
  return fail(ErrorCode::kInternal, "a stored record is damaged", std::move(why));
}

std::uint64_t revision_of(std::string_view key) {
  std::uint64_t revision = 0;
  for (const char byte : key.substr(key.size() - kNumber))
    revision = revision << 8 | static_cast<std::uint8_t>(byte);
  return revision;
}

// An error of reading it also says which one it is.
template <class T>
Result<void> named(Table table, std::string_view key, const Result<T>& read) {
  if (read) return {};
  return damaged(name_of_record(table, key) + ": " + std::string{reason_of(read.error())});
}

bool is_revision_key(std::string_view key) {
  const std::size_t end = key.find('\0');
  return end != key.npos && end > 0 && key.size() == end + 1 + kNumber;
}

Result<void> check_revision(std::string_view key, std::string_view value) {
  if (!is_revision_key(key)) return damaged("a key of a revision: not of its form");
  const auto meta_data = decode_record(module_of(key), value);
  if (!meta_data) return named(Table::kRevisions, key, meta_data);
  if (meta_data->revision == revision_of(key)) return {};
  return damaged(name_of_record(Table::kRevisions, key) + " is another one");
}

Result<void> check_code(std::string_view key, std::string_view code) {
  if (sha256(code) == digest_of(key)) return {};
  return damaged(name_of_record(Table::kCode, key) + " is not what was stored");
}

Result<void> check_reference(std::string_view key, std::string_view value) {
  TRY_ASSIGN(const CodeReference reference, decode_reference(digest_of(key), value));
  if (!reference.code) return {};
  return check_code(key, *reference.code);
}

}  // namespace

Result<void> check_record(Table table, std::string_view key, std::string_view value) {
  const bool has_digest = table == Table::kReferences || table == Table::kCode;
  if (has_digest && key.size() != sizeof(Digest::bytes))
    return damaged("a key of code: not of its form");
  if (table == Table::kModules) {
    return named(table, key, decode_record(key, value));
  } else if (table == Table::kRevisions) {
    return check_revision(key, value);
  } else if (table == Table::kReferences) {
    return check_reference(key, value);
  } else if (table == Table::kCode) {
    return check_code(key, value);
  } else if (table == Table::kTokens) {
    return named(table, key, decode_token_record(key, value));
  } else if (table == Table::kSecrets) {
    return named(table, key, decode_guest_secret(key, value));
  }
  return {};
}

std::string_view module_of(std::string_view key) { return key.substr(0, key.find('\0')); }

Digest digest_of(std::string_view key) {
  Digest digest;
  std::ranges::copy(key.substr(0, digest.bytes.size()), digest.bytes.begin());
  return digest;
}

std::string name_of_record(Table table, std::string_view key) {
  if (table == Table::kModules) return "module " + std::string{key};
  if (table == Table::kRevisions && is_revision_key(key)) {
    return "module " + std::string{module_of(key)} + ", revision " +
           std::to_string(revision_of(key));
  }
  if (table == Table::kTokens) return "token " + std::string{key};
  if (table == Table::kSecrets) return "secret " + std::string{key};
  if (key.size() == sizeof(Digest::bytes)) return "code " + to_hex(digest_of(key));
  return std::string{"a record of table "} + table_names()[std::to_underlying(table)];
}

std::string_view reason_of(const Error& error) {
  return error.log.empty() ? error.message : error.log;
}

}  // namespace wasm_server
