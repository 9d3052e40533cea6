#pragma once

// For the tests of the LMDB store.

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "store/lmdb_env.h"
#include "store/lmdb_store.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace wasm_server {

inline constexpr std::uint64_t kMiB = 1ULL << 20;

inline std::string patterned(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, static_cast<char>(seed));
  for (std::size_t place = 0; place + sizeof seed <= size; place += 64) {
    seed = seed * 1664525 + 1013904223;
    std::memcpy(bytes.data() + place, &seed, sizeof seed);
  }
  return bytes;
}

class LmdbStoreTest : public testing::Test {
 protected:
  void open(std::uint64_t max_bytes = 1024 * kMiB) {
    store_.reset();
    store_ = LmdbStore::open(directory_.path(), {.max_bytes = max_bytes}).value();
  }

  Result<void> put(std::string_view id, const std::string& code, std::uint64_t revision = 1) {
    auto transaction = store_->begin();
    if (!transaction) return std::unexpected{transaction.error()};
    auto done = (*transaction)
                    ->put(make_meta_data(id, code, revision), std::make_shared<const Bytes>(code));
    if (!done) return done;
    return (*transaction)->commit();
  }

  Result<void> erase(std::string_view id) {
    auto transaction = store_->begin().value();
    auto done = transaction->erase(id);
    if (!done) return std::unexpected{done.error()};
    return transaction->commit();
  }

  // Changes the closed database's bytes behind the store's back.
  void alter(const std::function<void(const LmdbEnv&, MDB_txn*)>& change) {
    store_.reset();
    const auto env = LmdbEnv::open(directory_.path(), {.max_bytes = 1024 * kMiB}).value();
    MDB_txn* txn = nullptr;
    ASSERT_EQ(mdb_txn_begin(env->get(), nullptr, 0, &txn), 0);
    change(*env, txn);
    ASSERT_EQ(mdb_txn_commit(txn), 0);
  }

  static void replace(MDB_txn* txn, MDB_dbi database, std::string_view key,
                      std::string_view value) {
    MDB_val key_val = to_val(key);
    MDB_val value_val = to_val(value);
    ASSERT_EQ(mdb_put(txn, database, &key_val, &value_val, 0), 0);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<LmdbStore> store_;
};

}  // namespace wasm_server
