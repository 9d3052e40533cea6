#include "store/kv.h"

#include "store/batch.h"

namespace wasm_server {

const TableNames& table_names() {
  // The first one is called what RocksDB calls the table that is always there.
  static const TableNames names{"default", "modules", "revisions", "references",
                                "code",    "extents", "tokens",    "secrets"};
  return names;
}

Result<std::unique_ptr<Batch>> Store::begin() {
  TRY_ASSIGN(const Usage now, usage());
  return std::make_unique<Batch>(*this, blobs(), code_health(), now);
}

}  // namespace wasm_server
