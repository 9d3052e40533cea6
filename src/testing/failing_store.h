#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "store/store.h"

namespace wasm_server {

// What goes wrong in a FailingStore. Set before the calls that it is for.
struct Faults {
  // Asked at the beginning, at each put and at each commit; an error is given instead of doing it.
  // They may throw.
  std::function<std::optional<Error>()> begin;
  std::function<std::optional<Error>(const WasmMetaData&)> put;
  std::function<std::optional<Error>()> commit;
  // Called before a commit that is done.
  std::function<void()> before_commit;
  // What failed() says.
  bool failed = false;
};

// A store that fails on purpose, in front of one that does not. For tests.
class FailingStore final : public Store {
 public:
  explicit FailingStore(Store& store) : store_(store) {}

  Faults faults;

  Result<std::optional<WasmMetaData>> find(std::string_view id) override { return store_.find(id); }
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) override {
    return store_.find_revision(id, revision);
  }
  Result<std::vector<WasmMetaData>> revisions(std::string_view id) override {
    return store_.revisions(id);
  }
  Result<ListPage> list(const ListQuery& query) override { return store_.list(query); }
  Result<bool> has_blob(const Digest& digest) override { return store_.has_blob(digest); }
  Result<std::optional<Bytes>> read_blob(const Digest& digest, bool verify) override {
    return store_.read_blob(digest, verify);
  }
  Result<bool> read_blob_slice(const Digest& digest, std::uint64_t offset, std::size_t length,
                               Bytes& out) override {
    return store_.read_blob_slice(digest, offset, length, out);
  }
  Result<std::unique_ptr<Transaction>> begin() override;
  bool failed() const override { return faults.failed || store_.failed(); }
  std::uint64_t sequence() const override { return store_.sequence(); }
  const std::string& secret() const override { return store_.secret(); }

 private:
  class FailingTransaction;

  Store& store_;
};

}  // namespace wasm_server
