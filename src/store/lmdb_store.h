#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "store/data_directory.h"
#include "store/lmdb_settings.h"
#include "store/recent_modules.h"
#include "store/store.h"

namespace wasm_server {

class LmdbEnv;
class LmdbWritePath;

// The store in an LMDB environment with a journal in front of it and code that is not small in a
// file beside it (layout: store/record.h). A commit
// is on disk when it returns, and a crash at any moment leaves the last commit that was answered
// or, at most, one more; what is in the journal only is taken over at start. Limits: one process
// per directory, one write transaction at a time, ids of 502 bytes. After a commit that failed for
// another reason than lack of room it is not known what a disk will give back later: the store then
// refuses further writes until it is opened again; reads go on.
class LmdbStore final : public Store {
 public:
  // Creates what is not there. An error's message is one line for the operator.
  static Result<std::unique_ptr<LmdbStore>> open(const std::filesystem::path& directory,
                                                 const LmdbSettings& settings);
  ~LmdbStore() override;

  Result<std::optional<WasmMetaData>> find(std::string_view id) override;
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) override;
  Result<std::vector<WasmMetaData>> revisions(std::string_view id) override;
  Result<ListPage> list(const ListQuery& query) override;
  Result<bool> has_blob(const Digest& digest) override;
  Result<std::optional<Bytes>> read_blob(const Digest& digest, bool verify) override;
  Result<bool> read_blob_slice(const Digest& digest, std::uint64_t offset, std::size_t length,
                               Bytes& out) override;
  Result<std::unique_ptr<Transaction>> begin() override;
  bool failed() const override { return state_.failed.load(std::memory_order_relaxed); }
  std::uint64_t sequence() const override {
    return state_.sequence.load(std::memory_order_acquire);
  }
  const std::string& secret() const override { return secret_; }

  // What a transaction tells the store of its commit.
  struct State {
    std::atomic<std::uint64_t> sequence{0};
    std::atomic<bool> failed{false};
  };

 private:
  LmdbStore(DataDirectory directory, std::unique_ptr<LmdbEnv> env, std::string secret);
  Result<bool> copy_code(const Digest& digest, std::uint64_t offset, std::size_t length,
                         Bytes& out);
  Result<bool> copy_stored_code(const Digest& digest, std::uint64_t offset, std::size_t length,
                                Bytes& out, std::optional<CodePlace>& place);

  const DataDirectory directory_;  // unlocked last
  const std::unique_ptr<LmdbEnv> env_;
  const std::string secret_;
  State state_;
  RecentModules recent_;
  std::unique_ptr<LmdbWritePath> write_path_;  // there once it is open; goes first
};

}  // namespace wasm_server
