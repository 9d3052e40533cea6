#pragma once

// The store's questions, asked within one LMDB transaction, a reading or a writing one. Included in
// the store's own sources only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmdb.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "store/lmdb_env.h"
#include "store/recent_modules.h"
#include "store/record.h"
#include "store/store.h"

namespace wasm_server {

struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using Cursor = std::unique_ptr<MDB_cursor, CloseCursor>;

inline std::string_view to_key(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

// Lives as long as `txn`, whose thread it belongs to.
class LmdbReader {
 public:
  LmdbReader(const LmdbEnv& env, MDB_txn* txn) : databases_(env.databases()), txn_(txn) {}

  Result<std::optional<WasmMetaData>> find(std::string_view id) const;
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) const;
  // With what is recent, which was looked at before the transaction began; may be null.
  Result<std::vector<WasmMetaData>> revisions(std::string_view id,
                                              const RecentModules::View* recent) const;
  Result<ListPage> list(const ListQuery& query, const RecentModules::View* recent) const;

  // What is stored under a key; valid until the transaction ends or writes. Empty when there is
  // nothing.
  Result<std::optional<std::string_view>> get(MDB_dbi database, std::string_view key) const;
  Result<std::optional<BlobReference>> reference(const Digest& digest) const;
  // Of the last batch that is in the database.
  Result<std::uint64_t> number() const;
  // What lies in the code file, in the order of the offsets.
  Result<std::vector<CodePlace>> extents() const;

  Result<Cursor> cursor(MDB_dbi database) const;

 private:
  const Databases& databases_;
  MDB_txn* txn_;
};

}  // namespace wasm_server
