#include "store/rocks/rocks_store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <rocksdb/write_batch.h>

#include "base/byte_codec.h"
#include "store/batch.h"
#include "store/disk_error.h"
#include "store/extent_record.h"
#include "store/open_store.h"
#include "store/rocks/entry_log.h"
#include "store/rocks/rocks_cursor.h"
#include "store/rocks/rocks_options.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

// The one record of Table::kState: format u8, number of the last batch u64, of the last entry u64,
// bytes stored u64.
constexpr std::string_view kStateKey = "state";
constexpr std::uint8_t kFormat = 1;

struct State {
  std::uint64_t sequence = 0;
  std::uint64_t applied = 0;
  std::uint64_t bytes = 0;
};

std::string encode(const State& state) {
  std::string value;
  ByteWriter to{value};
  to.u8(kFormat);
  to.u64(state.sequence);
  to.u64(state.applied);
  to.u64(state.bytes);
  return value;
}

Result<State> decode_state(std::string_view value) {
  ByteReader from{value};
  const std::uint8_t format = from.u8();
  const State state{from.u64(), from.u64(), from.u64()};
  if (format > kFormat) {
    return fail(ErrorCode::kInternal, "it has format " + std::to_string(format) +
                                          ", which this program does not know: use a newer one");
  }
  if (format == 0 || from.failed() || !from.at_end())
    return fail(ErrorCode::kInternal, "its state record is damaged");
  return state;
}

// Blobs do not fill every gap between others, so that their file is longer than what is in it.
std::uint64_t max_blob_file(std::uint64_t max_bytes) {
  constexpr std::uint64_t kMinimum = 16U << 20;
  return max_bytes + std::max(max_bytes / 16, kMinimum);
}

// At start the operator sees only the message, which then needs the rest.
std::unexpected<Error> cannot_open(const Path& path, const Error& error) {
  std::string message = "cannot open the database in " + path.string() + ": ";
  message += error.log.empty() ? error.message : error.log;
  return fail(error.code, std::move(message));
}

// What stands there instead of a database.
Result<void> check_place(const Path& path) {
  if (std::filesystem::exists(path / "staged")) {
    return fail(ErrorCode::kInternal,
                "a restore or a repair of it was interrupted, which "
                "`wasm-server check DIR --repair` brings to its end");
  }
  if (std::filesystem::exists(path / "db")) return {};
  if (std::filesystem::exists(path / "data.mdb"))
    return fail(ErrorCode::kInternal, "data.mdb is of a former format, which is not read any more");
  if (std::filesystem::exists(path / "blobs"))
    return fail(ErrorCode::kInternal, "db is missing, though there are blobs");
  return {};
}

// A new database has no state yet: it comes with the first batch.
Result<State> state_in(const Reader& from) {
  std::string value;
  TRY_ASSIGN(const bool there, from.get(Table::kState, kStateKey, value));
  return there ? decode_state(value) : State{};
}

class RocksSnapshot final : public Snapshot {
 public:
  explicit RocksSnapshot(const RocksDatabase& database) : database_(database) {
    options_.snapshot = database_.db().GetSnapshot();
  }
  ~RocksSnapshot() override { database_.db().ReleaseSnapshot(options_.snapshot); }
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;

  Result<bool> get(Table table, std::string_view key, std::string& value) const override {
    return database_.get(options_, table, key, value);
  }
  std::unique_ptr<Cursor> scan(Table table, std::string_view from) const override {
    return std::make_unique<RocksCursor>(database_, table, from, options_);
  }
  Result<std::uint64_t> bytes() const override {
    TRY_ASSIGN(const State state, state_in(*this));
    return state.bytes;
  }

 private:
  const RocksDatabase& database_;
  rocksdb::ReadOptions options_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_store(const Path& directory, const StoreSettings& settings) {
  return RocksStore::open(directory, settings);
}

Result<std::unique_ptr<Store>> open_damaged_store(const Path& directory) {
  return RocksStore::open_damaged(directory);
}

Result<std::unique_ptr<RocksStore>> RocksStore::open(const Path& path,
                                                     const StoreSettings& settings) {
  TRY_ASSIGN(auto store, open_database(path, settings));
  if (auto listed = store->list_extents(); !listed) return cannot_open(path, listed.error());
  TRY(store->directory_.sync());
  return store;
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_damaged(const Path& path) {
  TRY_ASSIGN(auto store, open_database(path, {.reserve_bytes = 0}));
  store->read_only_ = true;
  return store;
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_database(const Path& path,
                                                              const StoreSettings& settings) {
  TRY_ASSIGN(DataDirectory directory, DataDirectory::acquire(path));
  if (auto good = check_place(path); !good) return cannot_open(path, good.error());
  auto reserve = std::make_unique<SpaceReserve>(path, within_file_limit(settings).reserve_bytes);
  auto database =
      RocksDatabase::open(path / "db", settings, [&room = *reserve] { return room.give_away(); });
  if (!database) return cannot_open(path, database.error());
  std::unique_ptr<RocksStore> store{new RocksStore{std::move(directory), std::move(reserve),
                                                   *std::move(database), settings.max_bytes}};
  if (auto read = store->read_state(); !read) return cannot_open(path, read.error());
  if (auto opened = store->open_blob_file(path / "blobs"); !opened)
    return cannot_open(path, opened.error());
  return store;
}

RocksStore::RocksStore(DataDirectory directory, std::unique_ptr<SpaceReserve> reserve,
                       std::unique_ptr<RocksDatabase> database, std::uint64_t max_bytes)
    : directory_(std::move(directory)),
      reserve_(std::move(reserve)),
      database_(std::move(database)),
      max_bytes_(max_bytes) {}

Result<void> RocksStore::read_state() {
  TRY_ASSIGN(const State state, state_in(*this));
  sequence_ = state.sequence;
  applied_ = state.applied;
  bytes_ = state.bytes;
  return {};
}

Result<void> RocksStore::open_blob_file(const Path& path) {
  // It is made after the database, and before anything is committed.
  const auto is = sequence() == 0 ? BlobStore::Is::kNew : BlobStore::Is::kThere;
  TRY_ASSIGN(blobs_, BlobStore::open(path, max_blob_file(max_bytes_), database_->mark(), is));
  return {};
}

Result<void> RocksStore::list_extents() {
  const auto cursor = scan(Table::kExtents, {});
  for (; cursor->valid(); cursor->next()) {
    TRY_ASSIGN(const Extent extent, decode_extent(cursor->key(), cursor->value()));
    TRY(blobs_->use(extent));
  }
  return cursor->status();
}

Result<bool> RocksStore::get(Table table, std::string_view key, std::string& value) const {
  return database_->get({}, table, key, value);
}

std::unique_ptr<Snapshot> RocksStore::snapshot() const {
  return std::make_unique<RocksSnapshot>(*database_);
}

std::unique_ptr<Cursor> RocksStore::scan(Table table, std::string_view from) const {
  return std::make_unique<RocksCursor>(*database_, table, from);
}

Result<Store::Usage> RocksStore::usage() const {
  if (read_only_) return fail(ErrorCode::kInternal, "the store is damaged and takes no writes");
  if (!failed()) return Usage{bytes_, max_bytes_};
  return fail(ErrorCode::kInternal,
              "the store has failed and takes no writes until the server is restarted",
              "store: write refused after a failed commit");
}

StoreFigures RocksStore::figures() const {
  StoreFigures figures = database_->figures();
  figures.stored_bytes = bytes_.load(std::memory_order_relaxed);
  return figures;
}

Result<void> RocksStore::compact() {
  TRY(database_->compact());
  return blobs_->trim();
}

Result<void> RocksStore::commit(Batch& batch) {
  if (batch.empty()) return {};
  const std::uint64_t applied = batch.entry() ? batch.entry()->number : this->applied();
  if (batch.entry() && applied <= this->applied()) {
    return fail(ErrorCode::kInternal, "the write failed; nothing was stored",
                "store: entry " + std::to_string(applied) + " was applied before");
  }
  // What stores more leaves the reserve to what frees some.
  const bool frees = batch.bytes() < bytes_;
  if (!frees && !reserve_->is_kept())
    return disk_error(true, "writing", "the reserve for deletes is not there");
  auto done = commit_with(batch, applied);
  while (!done && done.error().code == ErrorCode::kStorageFull && frees && reserve_->give_away()) {
    database_->has_room();
    done = commit_with(batch, applied);
  }
  if (frees) reserve_->refill();
  blobs_->return_space(!reserve_->is_kept());
  return done;
}

Result<void> RocksStore::commit_with(Batch& batch, std::uint64_t applied) {
  if (auto synced = blobs_->sync(); !synced) {
    if (synced.error().code != ErrorCode::kStorageFull) database_->fail();
    return synced;
  }
  TRY(write(batch, applied));
  applied_.store(applied, std::memory_order_release);
  sequence_.fetch_add(1, std::memory_order_acq_rel);
  bytes_ = batch.bytes();
  batch.done();
  return {};
}

Result<void> RocksStore::read_entries(std::uint64_t from, const VisitEntry& visit) const {
  return wasm_server::read_entries(database_->db(), {.from = from, .last = applied()}, visit);
}

Result<void> RocksStore::write(const Batch& batch, std::uint64_t applied) {
  rocksdb::WriteBatch changes = database_->begin();
  if (batch.entry()) put_entry(changes, *batch.entry());
  batch.for_each([&](Table table, std::string_view key, const std::string* value) {
    rocksdb::ColumnFamilyHandle* const handle = database_->handle(table);
    value != nullptr ? changes.Put(handle, key, *value) : changes.Delete(handle, key);
  });
  changes.Put(database_->handle(Table::kState), kStateKey,
              encode(State{sequence() + 1, applied, batch.bytes()}));
  return database_->write(changes);
}

}  // namespace wasm_server
