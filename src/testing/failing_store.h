#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/kv.h"

namespace wasm_server {

// What goes wrong in a FailingStore. Set before the calls that it is for.
struct Faults {
  // Asked at the beginning of a batch, at each read of what is stored, and at each commit; an error
  // is given instead of doing it. They may throw.
  std::function<std::optional<Error>()> begin;
  std::function<std::optional<Error>(Table, std::string_view key)> read;
  std::function<std::optional<Error>()> commit;
  // Called before, and after, a commit that is done. The second may throw.
  std::function<void()> before_commit;
  std::function<void()> after_commit;
  // What failed() says.
  bool failed = false;
};

// A store that fails on purpose, in front of one that does not. For tests.
class FailingStore final : public Store {
 public:
  explicit FailingStore(Store& store) : store_(store) {}

  Faults faults;

  Result<bool> get(Table table, std::string_view key, std::string& value) const override;
  std::unique_ptr<Snapshot> snapshot() const override { return store_.snapshot(); }
  std::unique_ptr<Cursor> scan(Table table, std::string_view from) const override {
    return store_.scan(table, from);
  }
  BlobStore& blobs() override { return store_.blobs(); }
  const BlobStore& blobs() const override { return std::as_const(store_).blobs(); }
  Result<void> commit(Batch& batch) override;
  bool failed() const override { return faults.failed || store_.failed(); }
  std::uint64_t sequence() const override { return store_.sequence(); }
  std::uint64_t applied() const override { return store_.applied(); }
  Result<void> read_entries(std::uint64_t from, const VisitEntry& visit) const override {
    return store_.read_entries(from, visit);
  }
  Result<Usage> usage() const override;
  StoreFigures figures() const override { return store_.figures(); }
  Result<void> compact() override { return store_.compact(); }

 private:
  Store& store_;
};

}  // namespace wasm_server
