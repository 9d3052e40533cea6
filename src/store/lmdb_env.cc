#include "store/lmdb_env.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "store/disk_error.h"

namespace wasm_server {
namespace {

constexpr mdb_mode_t kFileMode = 0600;
constexpr std::uint64_t kMinReserve = 16ULL << 20;
constexpr unsigned kMaxDatabases = 16;

// Every thread has a slot that it tries first, so that threads hardly ever meet.
unsigned thread_number() {
  static std::atomic<unsigned> next{0};
  thread_local const unsigned number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

std::unexpected<Error> lmdb_error(int rc, std::string_view doing) {
  return disk_error(rc == MDB_MAP_FULL || is_storage_full(rc), doing, mdb_strerror(rc));
}

// A read transaction is begun once and then renewed: that costs no allocation and no lock. Slots
// are cache lines of their own.
struct alignas(64) LmdbEnv::Reading::Slot {
  std::atomic<bool> taken{false};
  MDB_txn* txn = nullptr;  // guarded by `taken`
};

LmdbEnv::Reading::Reading(Reading&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}

LmdbEnv::Reading::~Reading() {
  if (slot_ == nullptr) return;
  mdb_txn_reset(slot_->txn);
  slot_->taken.store(false, std::memory_order_release);
}

MDB_txn* LmdbEnv::Reading::txn() const { return slot_->txn; }

LmdbEnv::LmdbEnv(const LmdbSettings& settings)
    : settings_(settings), slots_(settings.max_readers) {}

LmdbEnv::~LmdbEnv() {
  for (Reading::Slot& slot : slots_) {
    if (slot.txn != nullptr) mdb_txn_abort(slot.txn);
  }
  if (env_ != nullptr) mdb_env_close(env_);
}

Result<std::unique_ptr<LmdbEnv>> LmdbEnv::open(const std::filesystem::path& directory,
                                               const LmdbSettings& settings) {
  std::unique_ptr<LmdbEnv> env{new LmdbEnv{settings}};
  if (auto opened = env->open_environment(directory); !opened)
    return std::unexpected{std::move(opened).error()};
  if (auto opened = env->open_databases(); !opened)
    return std::unexpected{std::move(opened).error()};
  return env;
}

// Durable commits: neither MDB_NOSYNC nor MDB_NOMETASYNC. MDB_NOTLS, since our slots and not the
// threads own the read transactions. MDB_NORDAHEAD, since reads jump about in a file that may be
// larger than memory.
Result<void> LmdbEnv::open_environment(const std::filesystem::path& directory) {
  // Beside the quota's pages: room for deletes when the quota is used up, and for free pages that
  // do not lie together.
  const std::uint64_t reserve = std::max(settings_.max_bytes / 16, kMinReserve);
  const std::uint64_t map_bytes = settings_.max_bytes + reserve;
  int file = -1;
  int rc = mdb_env_create(&env_);
  if (rc == 0) rc = mdb_env_set_mapsize(env_, map_bytes);
  if (rc == 0) rc = mdb_env_set_maxreaders(env_, settings_.max_readers);
  if (rc == 0) rc = mdb_env_set_maxdbs(env_, kMaxDatabases);
  if (rc == 0) rc = mdb_env_open(env_, directory.c_str(), MDB_NOTLS | MDB_NORDAHEAD, kFileMode);
  if (rc == 0) rc = mdb_env_get_fd(env_, &file);
  if (rc != 0) {
    return fail(ErrorCode::kInternal,
                "cannot open the database in " + directory.string() + ": " + mdb_strerror(rc));
  }
  MDB_stat stat;
  mdb_env_stat(env_, &stat);
  page_size_ = stat.ms_psize;
  room_.emplace(file, map_bytes);
  auto code_file = CodeFile::open(directory / "code", map_bytes);
  if (!code_file) return std::unexpected{std::move(code_file).error()};
  code_file_ = *std::move(code_file);
  return {};
}

std::uint64_t LmdbEnv::quota_pages() const {
  const std::uint64_t code = code_file_->used();
  return code < settings_.max_bytes ? (settings_.max_bytes - code) / page_size_ : 0;
}

Result<void> LmdbEnv::open_databases() {
  MDB_txn* txn = nullptr;
  int rc = mdb_txn_begin(env_, nullptr, 0, &txn);
  if (rc != 0) return lmdb_error(rc, "opening");
  const std::pair<const char*, MDB_dbi*> names[] = {
      {"current", &databases_.current}, {"revisions", &databases_.revisions},
      {"blobs", &databases_.blobs},     {"blob_refs", &databases_.blob_refs},
      {"extents", &databases_.extents}, {"settings", &databases_.settings}};
  for (const auto& [name, dbi] : names) {
    if (rc == 0) rc = mdb_dbi_open(txn, name, MDB_CREATE, dbi);
  }
  if (rc != 0) {
    mdb_txn_abort(txn);
    return lmdb_error(rc, "opening the databases");
  }
  rc = mdb_txn_commit(txn);
  if (rc != 0) return lmdb_error(rc, "opening the databases");
  return {};
}

Result<LmdbEnv::Reading> LmdbEnv::read() {
  const std::size_t first = thread_number() % slots_.size();
  std::size_t place = first;
  while (slots_[place].taken.exchange(true, std::memory_order_acquire)) {
    place = (place + 1) % slots_.size();
    if (place == first) std::this_thread::yield();
  }
  Reading::Slot& slot = slots_[place];
  const int rc = slot.txn == nullptr ? mdb_txn_begin(env_, nullptr, MDB_RDONLY, &slot.txn)
                                     : mdb_txn_renew(slot.txn);
  if (rc == 0) return Reading{&slot};
  slot.taken.store(false, std::memory_order_release);
  return lmdb_error(rc, "beginning to read");
}

}  // namespace wasm_server
