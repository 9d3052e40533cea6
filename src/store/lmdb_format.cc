#include "store/lmdb_format.h"

#include <optional>
#include <utility>

#include "base/random.h"
#include "store/byte_codec.h"
#include "store/lmdb_reader.h"
#include "store/record.h"

namespace wasm_server {
namespace {

constexpr std::size_t kSecretSize = 32;

Result<void> put_setting(const LmdbEnv& env, MDB_txn* txn, std::string_view key,
                         std::string_view value) {
  MDB_val key_val = to_val(key);
  MDB_val value_val = to_val(value);
  const int rc = mdb_put(txn, env.databases().settings, &key_val, &value_val, 0);
  if (rc != 0) return lmdb_error(rc, "writing the settings");
  return {};
}

std::string u64_bytes(std::uint64_t value) {
  std::string bytes;
  ByteWriter{bytes}.u64(value);
  return bytes;
}

Result<void> create(const LmdbEnv& env, MDB_txn* txn) {
  std::string secret(kSecretSize, '\0');
  fill_random(secret.data(), secret.size());
  auto put = put_setting(env, txn, kSecretKey, secret);
  if (put) put = put_setting(env, txn, kSequenceKey, u64_bytes(0));
  if (put) put = put_setting(env, txn, kFormatKey, u64_bytes(kFormatVersion));
  return put;
}

// Brings an older format up to date. There is nothing to change: what came are the journal, the
// code file, revisions in the journal and the checksum of its headers, which an older program would
// not know.
Result<void> migrate(const LmdbEnv& env, MDB_txn* txn, std::uint64_t from) {
  if (from == kFormatVersion) return {};
  if (from > kFormatVersion) {
    return fail(ErrorCode::kInternal, "the database has format " + std::to_string(from) +
                                          "; this program knows formats up to " +
                                          std::to_string(kFormatVersion) + ": use a newer one");
  }
  if (from == 0) return fail(ErrorCode::kInternal, "the database's format version is damaged");
  return put_setting(env, txn, kFormatKey, u64_bytes(kFormatVersion));
}

Result<std::string> prepare(const LmdbEnv& env, MDB_txn* txn) {
  const LmdbReader reader{env, txn};
  auto format = reader.get(env.databases().settings, kFormatKey);
  if (!format) return std::unexpected{std::move(format).error()};
  auto ready = *format ? migrate(env, txn, ByteReader{**format}.u64()) : create(env, txn);
  if (!ready) return std::unexpected{std::move(ready).error()};
  const auto secret = reader.get(env.databases().settings, kSecretKey);
  if (!secret) return std::unexpected{secret.error()};
  if (!*secret || (*secret)->size() != kSecretSize) {
    return fail(ErrorCode::kInternal, "the database's secret is damaged");
  }
  return std::string{**secret};
}

}  // namespace

Result<std::string> prepare_format(LmdbEnv& env) {
  MDB_txn* txn = nullptr;
  if (const int rc = mdb_txn_begin(env.get(), nullptr, 0, &txn); rc != 0)
    return lmdb_error(rc, "opening");
  auto secret = prepare(env, txn);
  if (!secret) {
    mdb_txn_abort(txn);
    return secret;
  }
  if (const int rc = mdb_txn_commit(txn); rc != 0) return lmdb_error(rc, "writing the settings");
  return secret;
}

}  // namespace wasm_server
