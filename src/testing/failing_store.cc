#include "testing/failing_store.h"

namespace wasm_server {

Result<bool> FailingStore::get(Table table, std::string_view key, std::string& value) const {
  if (faults.read) {
    if (auto error = faults.read(table, key)) return std::unexpected{std::move(*error)};
  }
  return store_.get(table, key, value);
}

Result<Store::Usage> FailingStore::usage() const {
  if (faults.begin) {
    if (auto error = faults.begin()) return std::unexpected{std::move(*error)};
  }
  return store_.usage();
}

Result<void> FailingStore::commit(Batch& batch) {
  if (faults.commit) {
    if (auto error = faults.commit()) return std::unexpected{std::move(*error)};
  }
  if (faults.before_commit) faults.before_commit();
  auto committed = store_.commit(batch);
  if (committed && faults.after_commit) faults.after_commit();
  return committed;
}

}  // namespace wasm_server
