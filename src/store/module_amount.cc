#include "store/module_amount.h"

#include <memory>
#include <string>

#include "base/log.h"
#include "store/module_record.h"

namespace wasm_server {
namespace {

std::string_view id_of(std::string_view revision_key) {
  return revision_key.substr(0, revision_key.find('\0'));
}

// Goes through both tables of modules side by side: a module's superseded revisions come in their
// order, then its current one.
class Counting {
 public:
  Counting(const Store& store, std::string_view prefix)
      : prefix_(prefix),
        modules_(store.scan(Table::kModules, prefix)),
        revisions_(store.scan(Table::kRevisions, prefix)) {}

  Result<StoredAmount> run() {
    while (true) {
      TRY_ASSIGN(const bool there, is_in_range(*modules_));
      if (!there) break;
      const std::string id(modules_->key());
      former_.reset();
      TRY(count_revisions(id));
      if (add(id, modules_->value())) ++amount_.modules;
      modules_->next();
    }
    return amount_;
  }

 private:
  Result<bool> is_in_range(Cursor& cursor) {
    if (!cursor.valid()) {
      if (const auto status = cursor.status(); !status) log_error(status.error().log);
      cursor.skip_damage();
      TRY(cursor.status());
    }
    return cursor.valid() && cursor.key().starts_with(prefix_);
  }

  Result<void> count_revisions(const std::string& id) {
    while (true) {
      TRY_ASSIGN(const bool there, is_in_range(*revisions_));
      if (!there || id_of(revisions_->key()) > id) return {};
      if (id_of(revisions_->key()) == id) add(id, revisions_->value());
      revisions_->next();
    }
  }

  bool add(std::string_view id, std::string_view record) {
    const auto head = decode_record_head(id, record);
    if (!head) {
      log_error("store: " + head.error().log);
      return false;
    }
    const bool is_new_code = former_ != head->digest;
    amount_.bytes += stored_bytes(record.size(), is_new_code ? head->size : 0);
    former_ = head->digest;
    return true;
  }

  const std::string_view prefix_;
  const std::unique_ptr<Cursor> modules_;
  const std::unique_ptr<Cursor> revisions_;
  std::optional<Digest> former_;  // of the revision before
  StoredAmount amount_;
};

}  // namespace

Result<StoredAmount> stored_under(const Store& store, std::string_view prefix) {
  return Counting(store, prefix).run();
}

}  // namespace wasm_server
