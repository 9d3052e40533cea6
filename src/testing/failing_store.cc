#include "testing/failing_store.h"

#include <utility>

namespace wasm_server {

class FailingStore::FailingTransaction final : public Store::Transaction {
 public:
  FailingTransaction(FailingStore& store, std::unique_ptr<Transaction> transaction)
      : faults_(store.faults), transaction_(std::move(transaction)) {}

  Result<std::optional<WasmMetaData>> find(std::string_view id) override {
    return transaction_->find(id);
  }
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) override {
    return transaction_->find_revision(id, revision);
  }

  Result<void> put(const WasmMetaData& meta_data, const SharedBytes& code) override {
    if (faults_.put) {
      if (auto error = faults_.put(meta_data)) return std::unexpected{std::move(*error)};
    }
    return transaction_->put(meta_data, code);
  }

  Result<std::vector<Digest>> erase(std::string_view id) override {
    return transaction_->erase(id);
  }

  Result<void> commit() override {
    if (faults_.commit) {
      if (auto error = faults_.commit()) return std::unexpected{std::move(*error)};
    }
    if (faults_.before_commit) faults_.before_commit();
    return transaction_->commit();
  }

 private:
  const Faults& faults_;
  const std::unique_ptr<Transaction> transaction_;
};

Result<std::unique_ptr<Store::Transaction>> FailingStore::begin() {
  if (faults.begin) {
    if (auto error = faults.begin()) return std::unexpected{std::move(*error)};
  }
  auto transaction = store_.begin();
  if (!transaction) return transaction;
  return std::make_unique<FailingTransaction>(*this, std::move(*transaction));
}

}  // namespace wasm_server
