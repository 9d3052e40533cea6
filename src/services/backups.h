#pragma once

// The backups that are being read from the store, for whoever reads them. It knows nothing of HTTP.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backup/frame.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "services/helper_pool.h"
#include "store/backup/backup_source.h"

namespace wasm_server {

// Each is of one moment, which is kept for some minutes after its reader went away, so that it can
// go on: two at most, because space that is freed meanwhile is not used again. Safe from any
// thread.
class Backups {
 public:
  static constexpr std::size_t kMax = 2;
  using Time = std::chrono::steady_clock::time_point;

  struct Settings {
    std::uint64_t bytes_per_second = 0;  // that one is read with; 0: as fast as it goes
    std::chrono::milliseconds kept = std::chrono::minutes{10};
    std::string program{};  // for the head
  };

  // All outlive it, and it outlives its streams.
  Backups(const Store& store, HelperPool& helpers, const Clock& clock, Settings settings)
      : store_(store), helpers_(helpers), clock_(clock), settings_(std::move(settings)) {}

  // One reader of one backup.
  class Stream;

  // A new one, from its begin. kOverloaded when kMax are being read. Of those that nobody reads the
  // one that was left first makes way.
  Result<std::unique_ptr<Stream>> begin();
  // Goes on with one from that byte on. Who was reading it is cut off: mostly a connection that is
  // broken, which this server does not know yet. kNotFound when it is not kept any more.
  Result<std::unique_ptr<Stream>> resume(const BackupId& id, std::uint64_t offset);

  // Forgets those that nobody has read for long. To be called now and then.
  void drop_old(Time now = std::chrono::steady_clock::now());

 private:
  struct Kept;
  struct Reading;

  std::unique_ptr<Stream> open(const std::shared_ptr<Kept>& kept, std::uint64_t offset);
  bool make_room();

  const Store& store_;
  HelperPool& helpers_;
  const Clock& clock_;
  const Settings settings_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Kept>> kept_;  // guarded by mutex_, and what is in them
};

// On the event loop of who reads it.
class Backups::Stream {
 public:
  Stream(Backups& backups, std::shared_ptr<Kept> kept, std::uint64_t reader,
         std::shared_ptr<Reading> reading);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The next bytes, valid until the next call; empty at the end. kConflict when another reader
  // went on with the backup. Read by a helper, no faster than the settings say.
  Task<Result<ByteView>> next();

 private:
  Task<void> wait_for_turn();
  bool is_current() const;
  void note_progress();

  Backups& backups_;
  const std::shared_ptr<Kept> kept_;
  const std::uint64_t reader_;
  const std::shared_ptr<Reading> reading_;
  Time turn_{};         // of the next piece
  bool ended_ = false;  // all was given
};

}  // namespace wasm_server
