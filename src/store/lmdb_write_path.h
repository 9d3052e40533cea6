#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "store/journal.h"
#include "store/lmdb_env.h"
#include "store/lmdb_store.h"
#include "store/lmdb_transaction.h"
#include "store/operation.h"
#include "store/recent_modules.h"

namespace wasm_server {

// How batches get into the database. One that only adds modules and revisions is appended to the
// journal, all but code that is not small, which is in the code file already, and kept in
// `RecentModules`; a thread of its own moves those to the database's trees, thousands in one
// transaction: sorted by digest, modules that would each have changed a page of their own share it.
// Any other batch is a transaction of the database itself, which takes along what is in the
// journal, so that the order of batches is never changed. Numbers: every batch has one, the next
// after the one before; the database keeps the number of the last batch that is in it (the setting
// "sequence"), in the same transaction. A crash at any moment leaves the database at some batch and
// the journal with those after it. One thread at a time commits batches; the constructor and
// destructor are for one other thread.
class LmdbWritePath {
 public:
  // A generation moves when it has so many modules, when its half of the journal is full, or when
  // nothing was appended for kQuiet.
  static constexpr std::size_t kGeneration = 8'192;
  static constexpr std::chrono::milliseconds kQuiet{100};

  // What is in the journal is in the database when it returns, or, if the disk is full, recent and
  // on its way there. All but `directory` and `secret` outlive it.
  static Result<std::unique_ptr<LmdbWritePath>> open(const std::filesystem::path& directory,
                                                     std::string_view secret, LmdbEnv& env,
                                                     LmdbStore::State& state,
                                                     RecentModules& recent);
  // Moves what is recent to the database.
  ~LmdbWritePath();
  LmdbWritePath(const LmdbWritePath&) = delete;
  LmdbWritePath& operator=(const LmdbWritePath&) = delete;

  LmdbEnv& env() { return env_; }
  const RecentModules& recent() const { return recent_; }
  LmdbStore::State& state() { return state_; }

  // Whether a batch of that size, as journal_size() says, can be appended at all.
  static bool is_small(std::size_t bytes) { return bytes <= Journal::kHalf / 2; }

  // Before a batch is committed: the code that it brings is on disk.
  Result<void> sync_code();
  // One batch of new modules and revisions, durable and seen by readers when it returns success.
  // It is empty then. Waits when both halves are full.
  Result<void> append(RecentGeneration& batch);

  // A transaction of the database in which everything recent is done already. Until end_direct()
  // nothing is moved.
  Result<std::unique_ptr<LmdbTransaction>> begin_direct();
  Result<void> commit_direct(LmdbTransaction& transaction);
  void end_direct();

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Clock = std::chrono::steady_clock;

  LmdbWritePath(LmdbEnv& env, LmdbStore::State& state, RecentModules& recent,
                std::unique_ptr<Journal> journal, std::uint64_t number)
      : env_(env), state_(state), recent_(recent), journal_(std::move(journal)), number_(number) {}

  Result<void> recover();
  Result<void> find_used_code();
  Result<void> make_room(Lock& lock, std::size_t payload);
  Result<void> wait_for_mover(Lock& lock);
  void start_moving();
  void run();
  void move(Lock& lock);
  Result<void> try_to_write(const RecentGeneration& modules, std::uint64_t number);
  Result<void> write(const std::vector<SharedOperation>& modules, std::uint64_t number);

  LmdbEnv& env_;
  LmdbStore::State& state_;
  RecentModules& recent_;
  const std::unique_ptr<Journal> journal_;
  std::string payload_;  // of the committing thread, kept for its capacity

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t number_;         // of the last batch; this and all below: guarded by mutex_
  std::uint64_t moving_to_ = 0;  // the last batch of the generation that is moving
  std::shared_ptr<const RecentGeneration> moving_;  // null: the mover has nothing to do
  std::optional<Error> move_failure_;
  bool direct_ = false;
  bool stopping_ = false;
  Clock::time_point last_append_;
  std::thread mover_;
};

}  // namespace wasm_server
