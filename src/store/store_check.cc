#include "store/store_check.h"

#include <map>
#include <string_view>
#include <utility>

#include "store/backup/backup_audit.h"
#include "store/backup/backup_source.h"
#include "store/extent_record.h"
#include "store/module_record.h"
#include "store/record_check.h"

namespace wasm_server {
namespace {

std::string at(std::uint64_t offset) { return " at " + std::to_string(offset); }

// Compares where code lies with what is listed of that.
class ExtentCheck {
 public:
  ExtentCheck(const Store& store, StoreReport& report) : store_(store), report_(report) {}

  void run() {
    for_each(Table::kReferences, [this](std::string_view key, std::string_view value) {
      const auto reference = decode_reference(digest_of(key), value);
      if (reference && reference->blob)
        used_.emplace(reference->blob->extent.offset,
                      Use{reference->blob->extent.size, digest_of(key)});
    });
    if (!complete_) return;  // whose place it is cannot be told
    for_each(Table::kExtents,
             [this](std::string_view key, std::string_view value) { look_at(key, value); });
    if (!complete_) return;
    for (const auto& [offset, use] : used_) {
      say("code " + to_hex(use.digest) + ": its place" + at(offset) + " is not listed as used");
      report_.has_gaps = true;
    }
  }

 private:
  struct Use {
    std::uint64_t size;
    Digest digest;
  };

  void say(std::string line) { report_.damage.push_back(std::move(line)); }

  template <class Look>
  void for_each(Table table, Look look) {
    const auto cursor = store_.scan(table, {});
    for (; cursor->valid(); cursor->next()) look(cursor->key(), cursor->value());
    const auto status = cursor->status();
    if (status) return;
    complete_ = false;
    if (table != Table::kExtents) return;  // of the others it is said already
    say("table extents: " + std::string{reason_of(status.error())});
    report_.has_gaps = true;
  }

  void look_at(std::string_view key, std::string_view value) {
    const auto extent = decode_extent(key, value);
    if (!extent) {
      say(std::string{reason_of(extent.error())});
      report_.has_gaps = true;
      return;
    }
    const auto found = used_.find(extent->offset);
    if (found == used_.end()) {
      say("the blob file: nothing refers to the " + std::to_string(extent->size) + " bytes" +
          at(extent->offset));
    } else if (found->second.size == extent->size) {
      used_.erase(found);
    }
  }

  const Store& store_;
  StoreReport& report_;
  std::map<std::uint64_t, Use> used_;  // by offset, as the references have it
  bool complete_ = true;
};

// Of the database itself, in no backup: what is damaged there keeps the next start from coming up.
void check_state(const Store& store, StoreReport& report) {
  const auto cursor = store.scan(Table::kState, {});
  while (cursor->valid()) cursor->next();
  const auto status = cursor->status();
  if (status) return;
  report.damage.push_back("the database's own records: " + std::string{reason_of(status.error())});
  report.has_gaps = true;
}

}  // namespace

// As the backup of it that would be made.
StoreReport check_store(const Store& store) {
  StoreReport report;
  const auto source = BackupSource::take(store, {}, 0);
  if (!source) {
    report.damage.emplace_back(reason_of(source.error()));
    report.has_gaps = true;
    return report;
  }
  BackupAudit audit;
  BackupReader reader{audit};
  BackupSource::Position position;
  std::string bytes;
  Result<void> read;
  while (read && !position.ended) {
    bytes.clear();
    (*source)->next(position, bytes);
    read = reader.push(bytes);
  }
  report = std::move(audit).report();
  if (!read) {
    report.damage.emplace_back(reason_of(read.error()));
    report.has_gaps = true;
  }
  ExtentCheck{store, report}.run();
  check_state(store, report);
  return report;
}

}  // namespace wasm_server
