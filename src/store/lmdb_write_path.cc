#include "store/lmdb_write_path.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "store/byte_codec.h"
#include "store/disk_error.h"
#include "store/journal_entry.h"
#include "store/lmdb_reader.h"

namespace wasm_server {
namespace {

constexpr std::chrono::seconds kBeforeTryingAgain{1};

Result<std::uint64_t> read_number(LmdbEnv& env) {
  const auto reading = env.read();
  if (!reading) return std::unexpected{reading.error()};
  return LmdbReader{env, reading->txn()}.number();
}

}  // namespace

Result<std::unique_ptr<LmdbWritePath>> LmdbWritePath::open(const std::filesystem::path& directory,
                                                           std::string_view secret, LmdbEnv& env,
                                                           LmdbStore::State& state,
                                                           RecentModules& recent) {
  auto journal = Journal::open(directory / "journal",
                               ByteReader{secret.substr(0, sizeof(std::uint64_t))}.u64());
  if (!journal) return std::unexpected{std::move(journal).error()};
  const auto number = read_number(env);
  if (!number) return std::unexpected{number.error()};
  std::unique_ptr<LmdbWritePath> path{
      new LmdbWritePath{env, state, recent, *std::move(journal), *number}};
  if (auto recovered = path->recover(); !recovered)
    return std::unexpected{std::move(recovered).error()};
  if (auto found = path->find_used_code(); !found) return std::unexpected{std::move(found).error()};
  path->mover_ = std::thread{[raw = path.get()] { raw->run(); }};
  pthread_setname_np(path->mover_.native_handle(), "store-mover");
  return path;
}

Result<void> LmdbWritePath::recover() {
  RecentGeneration found;
  std::uint64_t last = number_;
  const auto take = [&](std::uint64_t number, std::string_view payload) -> Result<void> {
    auto modules = decode_batch(payload);
    if (!modules) return std::unexpected{std::move(modules).error()};
    for (SharedOperation& module : *modules) found.add(std::move(module));
    last = number;
    return {};
  };
  if (auto replayed = journal_->replay(number_, take); !replayed) return replayed;
  if (last == number_) return {};
  log_info("store: " + std::to_string(found.size()) + " modules taken over from the journal");
  auto written = write(found.by_digest(), last);
  number_ = last;
  if (written || written.error().code != ErrorCode::kStorageFull) return written;
  log_error("store: moving to the database: " + written.error().log + "; trying again");
  recent_.add(found, last);
  start_moving();
  journal_->close();
  move_failure_ = std::move(written).error();
  return {};
}

// What no record refers to, stored or recent, is free, whatever a crash has left there.
Result<void> LmdbWritePath::find_used_code() {
  const auto reading = env_.read();
  if (!reading) return std::unexpected{reading.error()};
  auto places = LmdbReader{env_, reading->txn()}.extents();
  if (!places) return std::unexpected{places.error()};
  if (moving_) {
    for (const SharedOperation& module : moving_->by_digest()) {
      if (module->place) places->push_back(*module->place);
    }
    std::ranges::sort(*places, {}, &CodePlace::offset);
    const auto same = std::ranges::unique(*places);
    places->erase(same.begin(), same.end());
  }
  for (const CodePlace& place : *places) {
    if (auto used = env_.code_file().use(place); !used) return used;
  }
  return {};
}

LmdbWritePath::~LmdbWritePath() {
  {
    const Lock lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (mover_.joinable()) mover_.join();
}

Result<void> LmdbWritePath::sync_code() {
  auto synced = env_.code_file().sync();
  if (!synced && synced.error().code != ErrorCode::kStorageFull)
    state_.failed.store(true, std::memory_order_relaxed);
  return synced;
}

Result<void> LmdbWritePath::append(RecentGeneration& batch) {
  encode_batch(batch.by_digest(), payload_);
  Lock lock{mutex_};
  if (auto room = make_room(lock, payload_.size()); !room) return room;
  if (auto appended = journal_->append(number_ + 1, payload_); !appended) {
    if (appended.error().code != ErrorCode::kStorageFull)
      state_.failed.store(true, std::memory_order_relaxed);
    return appended;
  }
  ++number_;
  const bool first = recent_.size() == 0;
  recent_.add(batch, number_);
  last_append_ = Clock::now();
  state_.sequence.fetch_add(1, std::memory_order_acq_rel);
  if (first) changed_.notify_all();
  return {};
}

Result<void> LmdbWritePath::make_room(Lock& lock, std::size_t payload) {
  journal_->prepare();
  if (recent_.size() < kGeneration && journal_->fits(payload)) return {};
  if (auto moved = wait_for_mover(lock); !moved) return moved;
  start_moving();
  if (journal_->fits(payload)) return {};
  return fail(ErrorCode::kStorageFull, "the storage is full; nothing was stored",
              "store: the journal has no room");
}

Result<void> LmdbWritePath::wait_for_mover(Lock& lock) {
  changed_.wait(lock, [this] { return !moving_ || move_failure_; });
  if (moving_) return std::unexpected{*move_failure_};
  return {};
}

void LmdbWritePath::start_moving() {
  if (recent_.size() == 0) {
    journal_->restart();
    return;
  }
  moving_ = recent_.start_moving();
  moving_to_ = number_;
  journal_->turn();
  changed_.notify_all();
}

// The mover's thread.
void LmdbWritePath::run() {
  Lock lock{mutex_};
  for (;;) {
    if (moving_) {
      move(lock);
      if (move_failure_ && stopping_) return;
      if (move_failure_) changed_.wait_for(lock, kBeforeTryingAgain, [this] { return stopping_; });
    } else if (recent_.size() == 0 || direct_) {
      if (stopping_) return;
      changed_.wait(lock);
    } else if (stopping_ || Clock::now() >= last_append_ + kQuiet) {
      start_moving();
    } else {
      changed_.wait_until(lock, last_append_ + kQuiet);
    }
  }
}

void LmdbWritePath::move(Lock& lock) {
  const auto generation = moving_;
  lock.unlock();
  auto written = try_to_write(*generation, moving_to_);
  lock.lock();
  if (written) {
    recent_.moved();
    moving_.reset();
    move_failure_.reset();
  } else {
    if (!move_failure_) log_error("store: moving to the database: " + written.error().log);
    move_failure_ = std::move(written).error();
  }
  changed_.notify_all();
}

// Without memory the transaction is given up, and what is recent stays so, as after any failure.
Result<void> LmdbWritePath::try_to_write(const RecentGeneration& modules,
                                         std::uint64_t number) try {
  return write(modules.by_digest(), number);
} catch (const std::exception& exception) {
  return disk_error(false, "moving", exception.what());
}

Result<void> LmdbWritePath::write(const std::vector<SharedOperation>& modules,
                                  std::uint64_t number) {
  std::uint64_t bytes = 0;
  for (const SharedOperation& module : modules) bytes += content_bytes(*module);
  auto transaction = LmdbTransaction::begin(env_, state_, bytes);
  if (!transaction) return std::unexpected{std::move(transaction).error()};
  for (const SharedOperation& module : modules) {
    if (auto done = (*transaction)->apply(module); !done) return done;
  }
  return (*transaction)->commit_as(number);
}

Result<std::unique_ptr<LmdbTransaction>> LmdbWritePath::begin_direct() {
  Lock lock{mutex_};
  if (auto moved = wait_for_mover(lock); !moved) return std::unexpected{std::move(moved).error()};
  direct_ = true;
  lock.unlock();
  auto transaction = LmdbTransaction::begin(env_, state_);
  const auto view = recent_.view();
  const auto modules = view ? view->current->by_digest() : std::vector<SharedOperation>{};
  for (const SharedOperation& module : modules) {
    if (!transaction) break;
    if (auto done = (*transaction)->apply(module); !done)
      transaction = std::unexpected{std::move(done).error()};
  }
  if (!transaction) end_direct();
  return transaction;
}

Result<void> LmdbWritePath::commit_direct(LmdbTransaction& transaction) {
  if (auto committed = transaction.commit_as(number_ + 1); !committed) return committed;
  const Lock lock{mutex_};
  ++number_;
  recent_.clear();
  env_.code_file().give_back(transaction.freed_places());
  journal_->restart();
  state_.sequence.fetch_add(1, std::memory_order_acq_rel);
  return {};
}

void LmdbWritePath::end_direct() {
  const Lock lock{mutex_};
  direct_ = false;
  changed_.notify_all();
}

}  // namespace wasm_server
