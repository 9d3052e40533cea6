#include "store/guest_secret_repository.h"

#include <string>
#include <utility>

#include "base/byte_codec.h"

namespace wasm_server {
namespace {

constexpr std::uint8_t kVersion = 1;

std::string encode(const GuestSecret& secret) {
  std::string record;
  ByteWriter to{record};
  to.u8(kVersion);
  to.u64(secret.key_id);
  to.u64(static_cast<std::uint64_t>(secret.created_at));
  to.u64(static_cast<std::uint64_t>(secret.updated_at));
  to.raw(secret.sealed);
  return record;
}

Result<std::optional<GuestSecret>> read_secret(const Reader& from, std::string_view name) {
  std::string record;
  TRY_ASSIGN(const bool there, from.get(Table::kSecrets, name, record));
  if (!there) return std::nullopt;
  TRY_ASSIGN(GuestSecret secret, decode_guest_secret(name, record));
  return std::optional{std::move(secret)};
}

}  // namespace

Result<GuestSecret> decode_guest_secret(std::string_view name, std::string_view record) {
  ByteReader from{record};
  const bool known = from.u8() == kVersion;
  GuestSecret secret;
  secret.name = name;
  secret.key_id = from.u64();
  secret.created_at = static_cast<UnixMillis>(from.u64());
  secret.updated_at = static_cast<UnixMillis>(from.u64());
  constexpr std::size_t kHead = 1 + 3 * sizeof(std::uint64_t);
  if (!from.failed()) secret.sealed = record.substr(kHead);
  if (known && !from.failed()) return secret;
  return fail(ErrorCode::kInternal, "a stored record is damaged",
              "record of secret " + std::string(name) + ": not of its form");
}

Result<std::optional<GuestSecret>> GuestSecretRepository::find(std::string_view name) const {
  return read_secret(store_, name);
}

Result<std::vector<GuestSecret>> GuestSecretRepository::list() const {
  std::vector<GuestSecret> secrets;
  const auto cursor = store_.scan(Table::kSecrets, {});
  for (; cursor->valid(); cursor->next()) {
    TRY_ASSIGN(GuestSecret secret, decode_guest_secret(cursor->key(), cursor->value()));
    secrets.push_back(std::move(secret));
  }
  TRY(cursor->status());
  return secrets;
}

Result<std::optional<GuestSecret>> GuestSecretBatch::find(std::string_view name) const {
  return read_secret(batch_, name);
}

Result<void> GuestSecretBatch::put(const GuestSecret& secret) {
  return batch_.put(Table::kSecrets, secret.name, encode(secret));
}

Result<void> GuestSecretBatch::erase(std::string_view name) {
  return batch_.erase(Table::kSecrets, name);
}

}  // namespace wasm_server
