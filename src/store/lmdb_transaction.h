#pragma once

#include <memory>
#include <string>
#include <vector>

#include <lmdb.h>

#include "store/lmdb_env.h"
#include "store/lmdb_operation.h"
#include "store/lmdb_store.h"
#include "store/operation.h"
#include "store/store.h"

namespace wasm_server {

// A batch of writes in one LMDB transaction. Belongs to the thread that began it.
// LMDB gives up a whole transaction when it fails inside one (its map is full, say), and an LMDB
// child transaction for every operation would cost more than the operation itself. So operations
// run in the transaction directly; when LMDB fails, those that had succeeded are done again in a
// new one, which gives the same pages, and from then on each operation has a child transaction, so
// that one that fails leaves the others.
class LmdbTransaction final : public Store::Transaction {
 public:
  // `bytes`: of records and code that it will put, as far as that is known.
  static Result<std::unique_ptr<LmdbTransaction>> begin(LmdbEnv& env, LmdbStore::State& state,
                                                        std::uint64_t bytes = 0);
  // An error when an earlier failure forbids further writes.
  static Result<void> check_writable(const LmdbStore::State& state);
  ~LmdbTransaction() override;

  Result<std::optional<WasmMetaData>> find(std::string_view id) override;
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) override;
  Result<void> put(const WasmMetaData& meta_data, const SharedBytes& code) override;
  Result<std::vector<Digest>> erase(std::string_view id) override;
  // As the batch after the one that is in the database.
  Result<void> commit() override;

  // A new module, or a new revision whose code has a place; its room was checked before.
  Result<void> apply(const SharedOperation& module);
  // Fails with kStorageFull when there is none for a put.
  Result<void> check_room(const Operation& operation);
  Result<bool> has_code(const Digest& digest) const;
  // What its operations have freed of the code file.
  const std::vector<CodePlace>& freed_places() const { return freed_places_; }
  // As the batch with that number, which readers know already.
  Result<void> commit_as(std::uint64_t number);

 private:
  LmdbTransaction(LmdbEnv& env, LmdbStore::State& state) : env_(env), state_(state) {}

  Result<void> begin_lmdb();
  void abort_lmdb();
  Result<Freed> run(const SharedOperation& operation);
  Result<Freed> run_in_child(const Operation& operation);
  Result<void> start_again();
  Result<std::int64_t> room_left() const;
  Result<std::uint64_t> next_number() const;
  Result<void> write_number(std::uint64_t number);
  void make_room(std::uint64_t bytes);
  std::uint64_t batch_bytes() const;

  LmdbEnv& env_;
  LmdbStore::State& state_;
  MDB_txn* txn_ = nullptr;  // null: committed, or lost to a failure
  bool careful_ = false;    // each operation in a child transaction
  std::vector<SharedOperation> done_;
  std::vector<CodePlace> freed_places_;  // by done_
  std::optional<std::int64_t>
      room_;  // pages that this transaction may still take; known from the first put on
};

}  // namespace wasm_server
