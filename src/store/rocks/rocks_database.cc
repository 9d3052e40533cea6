#include "store/rocks/rocks_database.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/write_batch.h>

#include "store/disk_error.h"
#include "store/rocks/database_files.h"
#include "store/rocks/rocks_error.h"
#include "store/rocks/rocks_events.h"
#include "store/rocks/rocks_options.h"
#include "store/rocks/wal_check.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

constexpr std::chrono::seconds kBetweenResumes{1};

std::unexpected<Error> cannot_open(const rocksdb::Status& status) {
  return fail(status.IsNoSpace() ? ErrorCode::kStorageFull : ErrorCode::kInternal,
              status.ToString());
}

}  // namespace

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const Path& path,
                                                           const StoreSettings& settings,
                                                           TableFile::MakeRoom make_room) {
  TRY_ASSIGN(const bool is_new, begin_creation(path));
  std::unique_ptr<RocksDatabase> database{new RocksDatabase{path, std::move(make_room)}};
  if (is_new) {
    TRY(database->open_in(path, settings, true));
    TRY(end_creation(path));
  } else {
    TRY(check_complete(path));
    const DatabaseMark mark = make_database_mark(read_identity(path));
    TRY_ASSIGN(auto list, WalList::open(path, mark));
    TRY(list->check(path));
    TRY(mend_wal(path, mark, *list));
    database->files_->use(std::move(list));
    TRY(database->open_in(path, settings, false));
  }
  database->mark_ = make_database_mark(read_identity(path));
  return database;
}

Result<void> RocksDatabase::open_in(const Path& path, const StoreSettings& given, bool create) {
  const StoreSettings settings = within_file_limit(given);
  rocksdb::DBOptions options = database_options(settings);
  options.create_if_missing = create;
  options.error_if_exists = create;
  options.env = env_.get();
  options.info_log = make_logger();
  options.listeners.push_back(make_listener(health_, compaction_));
  const auto cache = rocksdb::NewLRUCache(settings.cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kTables; ++i) {
    const auto table = static_cast<Table>(i);
    families.emplace_back(table_names()[i], table_options(table, settings, cache));
  }
  // Made together, the tables of a new database cost a fifth of what they do one by one.
  const std::vector others(families.begin() + 1, families.end());
  if (create) families.resize(1);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options, path.string(), families, &handles, &db);
  if (!status.ok()) return cannot_open(status);
  db_.reset(db);
  std::ranges::copy(handles, tables_.begin());
  if (create) {
    status = db->CreateColumnFamilies(others, &handles);
    if (!status.ok()) return cannot_open(status);
    std::ranges::copy(handles, tables_.begin() + 1);
  }
  compaction_.use(*db, {tables_.begin(), tables_.end()});
  return {};
}

RocksDatabase::~RocksDatabase() { close(); }

void RocksDatabase::close() {
  compaction_.end();
  if (!db_) return;
  for (auto* table : tables_) {
    if (table != nullptr) db_->DestroyColumnFamilyHandle(table);
  }
  db_->Close();
  db_.reset();
}

rocksdb::ColumnFamilyHandle* RocksDatabase::handle(Table table) const {
  return tables_[std::to_underlying(table)];
}

Result<bool> RocksDatabase::get(const rocksdb::ReadOptions& options, Table table,
                                std::string_view key, std::string& value) const {
  const rocksdb::Status status = db_->Get(options, handle(table), key, &value);
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return rocks_error(status, "reading");
}

rocksdb::WriteBatch RocksDatabase::begin() const {
  rocksdb::WriteBatch batch;
  batch.PutLogData(mark_);
  return batch;
}

Result<void> RocksDatabase::write(rocksdb::WriteBatch& batch) {
  if (health_->full) {
    TRY(resume());
  }
  // With the headers of its fragments, and a block that it does not fill.
  const std::uint64_t bytes = batch.GetDataSize();
  if (const int error = files_->reserve(bytes + bytes / 1024 + 4096); error != 0) {
    if (!is_storage_full(error)) fail();
    return disk_error(error, "making room in the log");
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = db_->Write(options, &batch);
  if (status.ok()) return {};
  // Unless the log itself failed, nothing of it was written: background work met a full disk.
  const bool passes = (status.IsNoSpace() || status.IsIncomplete()) && !files_->log_failed();
  if (!passes) fail();
  return disk_error(passes && !failed(), "writing", status.ToString());
}

StoreFigures RocksDatabase::figures() const {
  const auto sum = [this](const std::string& property) {
    std::uint64_t value = 0;
    return db_->GetAggregatedIntProperty(property, &value) ? value : 0;
  };
  StoreFigures figures;
  rocksdb::VectorLogPtr logs;
  if (db_->GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) figures.log_bytes += log->SizeFileBytes();
  }
  figures.memtable_bytes = sum(rocksdb::DB::Properties::kCurSizeAllMemTables);
  figures.table_bytes = sum(rocksdb::DB::Properties::kTotalSstFilesSize);
  figures.compaction_debt_bytes = sum(rocksdb::DB::Properties::kEstimatePendingCompactionBytes);
  figures.flushes = health_->flushes.load(std::memory_order_relaxed);
  figures.compactions = health_->compactions.load(std::memory_order_relaxed);
  return figures;
}

Result<void> RocksDatabase::compact() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (auto* table : tables_) {
    const rocksdb::Status status = db_->CompactRange(options, table, nullptr, nullptr);
    if (!status.ok()) return rocks_error(status, "compacting");
  }
  return {};
}

// While the disk is full each attempt writes what is in memory to it, in vain: not for every batch.
Result<void> RocksDatabase::resume() {
  const auto now = std::chrono::steady_clock::now();
  if (resumed_ && now < *resumed_ + kBetweenResumes)
    return disk_error(true, "going on", "the disk was full a moment ago");
  resumed_ = now;
  health_->full = false;
  const rocksdb::Status status = db_->Resume();
  if (status.ok()) return {};
  (status.IsNoSpace() ? health_->full : health_->failed) = true;
  return rocks_error(status, "going on");
}

}  // namespace wasm_server
