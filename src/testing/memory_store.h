#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/store.h"

namespace wasm_server {

// The store without a disk, for tests: the same contract, held by the simplest means. A transaction
// works on a copy. Safe from any thread; one transaction at a time.
class MemoryStore final : public Store {
 public:
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
  bool failed() const override { return false; }
  std::uint64_t sequence() const override { return sequence_.load(std::memory_order_acquire); }
  const std::string& secret() const override { return secret_; }

  // The revisions of a module by number; the last is the current one.
  using Module = std::map<std::uint64_t, WasmMetaData>;

  struct State {
    std::map<std::string, Module, std::less<>> modules;
    std::map<Digest, SharedBytes> blobs;

    std::optional<WasmMetaData> find(std::string_view id) const;
    std::optional<WasmMetaData> find_revision(std::string_view id, std::uint64_t revision) const;
    std::vector<Digest> drop_unused_blobs();
  };

 private:
  class MemoryTransaction;

  State snapshot() const;
  SharedBytes blob(const Digest& digest) const;

  mutable std::mutex mutex_;
  State state_;  // guarded by mutex_
  std::atomic<std::uint64_t> sequence_{0};
  const std::string secret_ = std::string(32, 's');
};

}  // namespace wasm_server
