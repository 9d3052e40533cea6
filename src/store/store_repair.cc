#include "store/store_repair.h"

#include <memory>
#include <string>
#include <utility>

#include "store/backup/backup_source.h"
#include "store/backup/restore_writer.h"
#include "store/backup/staged_store.h"
#include "store/data_directory.h"
#include "store/open_store.h"
#include "store/store_check.h"
#include "store/store_mend.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

Result<std::unique_ptr<Store>> open_for_repair(const Path& directory, RepairReport& report,
                                               bool& has_gaps) {
  auto store = open_store(directory, {.max_bytes = kAnyBytes});
  if (store) return store;
  auto damaged = open_damaged_store(directory);
  if (!damaged) return store;  // that error is of what is worse
  report.damage.push_back(std::move(store).error().message);
  has_gaps = true;
  return damaged;
}

void append(std::vector<std::string>& to, std::vector<std::string> lines) {
  for (std::string& line : lines) to.push_back(std::move(line));
}

// The former store is closed before its files are moved, and nobody may open it in between.
Result<void> rebuild(const Path& directory, std::unique_ptr<Store> store, RepairReport& report) {
  {
    TRY_ASSIGN(StagedStore staged, StagedStore::make(directory));
    {
      TRY_ASSIGN(const auto source, BackupSource::take(*store, {}, 0));
      TRY_ASSIGN(std::vector<std::string> changes, copy_store(*source, staged.store()));
      append(report.changes, std::move(changes));
    }
    append(report.remains, check_store(staged.store()).damage);
    TRY(staged.finish());
  }
  store.reset();
  TRY_ASSIGN(const DataDirectory lock, DataDirectory::acquire(directory));
  TRY_ASSIGN(const std::string former, install_staged(directory));
  report.changes.push_back(
      "a new store was made of what could be read; the former one is kept in " +
      (directory / former).string());
  return {};
}

Result<void> go_on_with_staged(const Path& directory, RepairReport& report) {
  if (!has_staged(directory)) return {};
  TRY_ASSIGN(const DataDirectory lock, DataDirectory::acquire(directory));
  TRY_ASSIGN(const std::string former, install_staged(directory));
  report.changes.push_back(
      "the store that was made before is in its place now" +
      (former.empty() ? "" : "; the former one is kept in " + (directory / former).string()));
  return {};
}

}  // namespace

Result<std::vector<std::string>> copy_store(const BackupSource& source, Store& to) {
  RestoreWriter writer{to};
  BackupReader reader{writer};
  BackupSource::Position position;
  std::string bytes;
  while (!position.ended) {
    bytes.clear();
    source.next(position, bytes);
    TRY(reader.push(bytes));
  }
  TRY(writer.finish());
  std::vector<std::string> changes;
  for (const std::string& lost : writer.lost_lines()) changes.push_back(lost + ": left behind");
  TRY_ASSIGN(std::vector<std::string> mended, mend_store(to));
  append(changes, std::move(mended));
  return changes;
}

Result<RepairReport> repair_store(const Path& directory) {
  RepairReport report;
  TRY(go_on_with_staged(directory, report));
  bool has_gaps = false;
  TRY_ASSIGN(auto store, open_for_repair(directory, report, has_gaps));
  StoreReport found = check_store(*store);
  has_gaps = has_gaps || found.has_gaps;
  append(report.damage, std::move(found.damage));
  if (report.damage.empty()) return report;
  if (has_gaps) {
    TRY(rebuild(directory, std::move(store), report));
    return report;
  }
  TRY_ASSIGN(std::vector<std::string> changes, mend_store(*store));
  append(report.changes, std::move(changes));
  report.remains = check_store(*store).damage;
  return report;
}

}  // namespace wasm_server
