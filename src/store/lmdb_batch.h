#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/lmdb_transaction.h"
#include "store/lmdb_write_path.h"
#include "store/store.h"

namespace wasm_server {

// A batch of the LMDB store: goes to the journal as long as it only adds modules and revisions, and
// becomes a transaction of the database with the first operation that is anything else. Code that
// is not small goes to the code file in either case. Belongs to the thread that began it.
class LmdbBatch final : public Store::Transaction {
 public:
  static Result<std::unique_ptr<Store::Transaction>> begin(LmdbWritePath& path);
  ~LmdbBatch() override;

  Result<std::optional<WasmMetaData>> find(std::string_view id) override;
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) override;
  Result<void> put(const WasmMetaData& meta_data, const SharedBytes& code) override;
  Result<std::vector<Digest>> erase(std::string_view id) override;
  Result<void> commit() override;

 private:
  LmdbBatch(LmdbWritePath& path, std::uint64_t free_bytes) : path_(path), free_bytes_(free_bytes) {}

  Result<LmdbTransaction*> direct();
  void drop_direct();

  Result<std::optional<WasmMetaData>> find_outside(std::string_view id);
  Result<bool> follows(const WasmMetaData& meta_data);
  Result<bool> has_code(const Digest& digest) const;
  RecentCode recent_code(const Digest& digest) const;
  Result<bool> bring_code(Operation& module, const SharedBytes& code);
  bool has_certainly_room(std::uint64_t journal, std::uint64_t code) const;
  Result<void> put_directly(const WasmMetaData& meta_data, const SharedBytes& code);
  Result<void> put_large(LmdbTransaction& transaction, const WasmMetaData& meta_data,
                         const SharedBytes& code);
  Result<SharedOperation> journalled(const WasmMetaData& meta_data, const SharedBytes& code);
  void add(SharedOperation module);
  Result<void> commit_records();

  LmdbWritePath& path_;
  const std::uint64_t free_bytes_;  // that the database certainly has
  std::uint64_t bytes_ = 0;         // of modules_ in the journal
  std::uint64_t placed_ = 0;        // of modules_ in the code file
  RecentGeneration modules_;
  // What was last looked for, and the revision that was found, or 0.
  std::string looked_for_;
  std::uint64_t found_ = 0;
  std::unique_ptr<LmdbTransaction> direct_;  // null: this goes to the journal
  bool changed_ = false;                     // by an operation of direct_ itself
  bool ended_ = false;                       // committed
};

}  // namespace wasm_server
