#include "store/lmdb_transaction.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "store/byte_codec.h"
#include "store/disk_error.h"
#include "store/lmdb_format.h"
#include "store/lmdb_reader.h"
#include "store/record.h"

namespace wasm_server {
namespace {

// LMDB's list of free pages: the transaction that freed them -> their count and their numbers.
constexpr MDB_dbi kFreePages = 0;

std::unexpected<Error> lost() {
  return fail(ErrorCode::kInternal, "the store failed",
              "store: the transaction was lost to an earlier failure");
}

// Pages that can be used again. LMDB shows them to read transactions only; one begun now sees the
// same commit as the write transaction.
Result<std::int64_t> free_pages(LmdbEnv& env) {
  const auto reading = env.read();
  if (!reading) return std::unexpected{reading.error()};
  auto cursor = LmdbReader{env, reading->txn()}.cursor(kFreePages);
  if (!cursor) return std::unexpected{std::move(cursor).error()};
  std::int64_t pages = 0;
  MDB_val key;
  MDB_val value;
  int rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_FIRST);
  for (; rc == 0; rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_NEXT)) {
    const std::string_view bytes = to_view(value).substr(0, sizeof(std::uint64_t));
    pages += static_cast<std::int64_t>(ByteReader{bytes}.u64());
  }
  if (rc != MDB_NOTFOUND) return lmdb_error(rc, "counting free pages");
  return pages;
}

// LMDB tells a write that was cut short because the disk is full as EIO. So ask the file system for
// the room that the batch would have taken; only if that is there, EIO means what it says.
bool is_disk_full(MDB_env* env, std::uint64_t bytes) {
  int fd = -1;
  struct stat file{};
  if (mdb_env_get_fd(env, &fd) != 0 || fstat(fd, &file) != 0) return false;
  return fallocate(fd, 0, file.st_size, static_cast<off_t>(bytes)) != 0 && is_storage_full(errno);
}

}  // namespace

Result<void> LmdbTransaction::check_writable(const LmdbStore::State& state) {
  if (!state.failed.load(std::memory_order_relaxed)) return {};
  return fail(ErrorCode::kInternal,
              "the store has failed and takes no writes until the server is restarted",
              "store: write refused after a failed commit");
}

Result<std::unique_ptr<LmdbTransaction>> LmdbTransaction::begin(LmdbEnv& env,
                                                                LmdbStore::State& state,
                                                                std::uint64_t bytes) {
  if (auto writable = check_writable(state); !writable)
    return std::unexpected{std::move(writable).error()};
  std::unique_ptr<LmdbTransaction> transaction{new LmdbTransaction{env, state}};
  if (auto begun = transaction->begin_lmdb(); !begun)
    return std::unexpected{std::move(begun).error()};
  transaction->make_room(bytes);
  return transaction;
}

LmdbTransaction::~LmdbTransaction() { abort_lmdb(); }

Result<void> LmdbTransaction::begin_lmdb() {
  const int rc = mdb_txn_begin(env_.get(), nullptr, 0, &txn_);
  if (rc == 0) return {};
  txn_ = nullptr;
  return lmdb_error(rc, "beginning to write");
}

void LmdbTransaction::abort_lmdb() {
  if (txn_ != nullptr) mdb_txn_abort(std::exchange(txn_, nullptr));
}

Result<std::optional<WasmMetaData>> LmdbTransaction::find(std::string_view id) {
  if (txn_ == nullptr) return lost();
  return LmdbReader{env_, txn_}.find(id);
}

Result<std::optional<WasmMetaData>> LmdbTransaction::find_revision(std::string_view id,
                                                                   std::uint64_t revision) {
  if (txn_ == nullptr) return lost();
  return LmdbReader{env_, txn_}.find_revision(id, revision);
}

Result<void> LmdbTransaction::put(const WasmMetaData& meta_data, const SharedBytes& code) {
  Operation operation = put_of(meta_data);
  operation.code = code;
  if (auto room = check_room(operation); !room) return room;
  return apply(std::make_shared<const Operation>(std::move(operation)));
}

Result<void> LmdbTransaction::apply(const SharedOperation& module) {
  auto put = run(module);
  if (!put) return std::unexpected{std::move(put).error()};
  return {};
}

Result<std::vector<Digest>> LmdbTransaction::erase(std::string_view id) {
  Operation operation;
  operation.kind = Operation::Kind::kErase;
  operation.id = id;
  auto freed = run(std::make_shared<const Operation>(std::move(operation)));
  if (!freed) return std::unexpected{std::move(freed).error()};
  return std::move(freed->digests);
}

Result<Freed> LmdbTransaction::run(const SharedOperation& operation) {
  if (txn_ == nullptr) return lost();
  bool poisoned = false;
  auto result = careful_ ? run_in_child(*operation) : perform(env_, txn_, *operation, poisoned);
  if (poisoned) {
    if (auto again = start_again(); !again) return std::unexpected{std::move(again).error()};
    result = run_in_child(*operation);
  }
  if (!result) return result;
  done_.push_back(operation);
  freed_places_.insert(freed_places_.end(), result->places.begin(), result->places.end());
  return result;
}

Result<Freed> LmdbTransaction::run_in_child(const Operation& operation) {
  MDB_txn* child = nullptr;
  if (const int rc = mdb_txn_begin(env_.get(), txn_, 0, &child); rc != 0)
    return lmdb_error(rc, "writing");
  bool poisoned = false;
  auto result = perform(env_, child, operation, poisoned);
  if (!result) {
    mdb_txn_abort(child);
    return result;
  }
  if (const int rc = mdb_txn_commit(child); rc != 0) return lmdb_error(rc, "writing");
  return result;
}

Result<void> LmdbTransaction::start_again() {
  careful_ = true;
  abort_lmdb();
  if (auto begun = begin_lmdb(); !begun) return begun;
  for (const SharedOperation& operation : done_) {
    bool poisoned = false;
    auto result = perform(env_, txn_, *operation, poisoned);
    if (result) continue;
    abort_lmdb();
    return std::unexpected{std::move(result).error()};
  }
  return {};
}

// The quota. What an operation takes is estimated: tree pages are shared by many records, and the
// next transaction begins with the exact number.
Result<void> LmdbTransaction::check_room(const Operation& operation) {
  if (txn_ == nullptr) return lost();
  if (!room_) {
    auto room = room_left();
    if (!room) return std::unexpected{std::move(room).error()};
    room_ = *room;
  }
  const auto pages = [&](std::uint64_t bytes) {
    return static_cast<std::int64_t>(bytes / env_.page_size() + 1);
  };
  std::int64_t needed = pages(content_bytes(operation));
  if (needed > *room_) {
    // Code that is stored already takes nothing.
    const auto stored = has_code(operation.digest);
    if (!stored) return std::unexpected{stored.error()};
    if (*stored) needed = pages(operation.record.size());
  }
  if (needed > *room_) return lmdb_error(MDB_MAP_FULL, "quota");
  *room_ -= needed;
  return {};
}

Result<bool> LmdbTransaction::has_code(const Digest& digest) const {
  if (txn_ == nullptr) return lost();
  const auto reference = LmdbReader{env_, txn_}.reference(digest);
  if (!reference) return std::unexpected{reference.error()};
  return reference->has_value();
}

Result<std::int64_t> LmdbTransaction::room_left() const {
  MDB_envinfo info;
  mdb_env_info(env_.get(), &info);
  const auto used = static_cast<std::int64_t>(info.me_last_pgno) + 1;
  const std::int64_t beyond = static_cast<std::int64_t>(env_.quota_pages()) - used;
  // Far from the quota it does not matter how many of the used pages are free.
  if (beyond > static_cast<std::int64_t>(env_.quota_pages() / 2)) return beyond;
  auto free = free_pages(env_);
  if (!free) return free;
  return beyond + *free;
}

Result<std::uint64_t> LmdbTransaction::next_number() const {
  const auto number = LmdbReader{env_, txn_}.number();
  if (!number) return number;
  return *number + 1;
}

Result<void> LmdbTransaction::write_number(std::uint64_t number) {
  std::string bytes;
  ByteWriter{bytes}.u64(number);
  MDB_val key = to_val(kSequenceKey);
  MDB_val value = to_val(bytes);
  if (const int rc = mdb_put(txn_, env_.databases().settings, &key, &value, 0); rc != 0) {
    return lmdb_error(rc, "counting the batch");
  }
  return {};
}

Result<void> LmdbTransaction::commit() {
  if (txn_ == nullptr) return lost();
  if (done_.empty()) {
    abort_lmdb();
    return {};
  }
  const auto number = next_number();
  if (!number) return std::unexpected{number.error()};
  auto committed = commit_as(*number);
  if (committed) state_.sequence.fetch_add(1, std::memory_order_acq_rel);
  return committed;
}

Result<void> LmdbTransaction::commit_as(std::uint64_t number) {
  if (txn_ == nullptr) return lost();
  if (auto written = write_number(number); !written) {
    abort_lmdb();
    return written;
  }
  int rc = mdb_txn_commit(std::exchange(txn_, nullptr));
  if (rc == 0) return {};
  if (rc == EIO && is_disk_full(env_.get(), batch_bytes())) rc = ENOSPC;
  if (rc != MDB_MAP_FULL && !is_storage_full(rc))
    state_.failed.store(true, std::memory_order_relaxed);
  return lmdb_error(rc, "committing");
}

// Before LMDB writes anything: in a transaction of very many pages it writes some of them, behind
// the last one, before the commit.
void LmdbTransaction::make_room(std::uint64_t bytes) {
  constexpr std::uint64_t kTreePages = 16;  // of a whole batch: most replace older ones
  MDB_envinfo info;
  mdb_env_info(env_.get(), &info);
  env_.room().prepare((info.me_last_pgno + 1) * env_.page_size(),
                      bytes + kTreePages * env_.page_size());
}

std::uint64_t LmdbTransaction::batch_bytes() const {
  constexpr std::uint64_t kTreePages = 16;  // of one operation, at most about
  std::uint64_t bytes = 0;
  for (const SharedOperation& operation : done_) {
    bytes += kTreePages * env_.page_size() + content_bytes(*operation);
  }
  return bytes;
}

}  // namespace wasm_server
