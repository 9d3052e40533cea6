#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backup/frame.h"
#include "base/result.h"
#include "store/blobs/blob_store.h"
#include "store/kv.h"

namespace wasm_server {

// A store at one moment, as a backup (backup/frame.h): every record that is not bound to the place
// of its files, and all code. The same bytes come out each time, so that one may go on at any
// frame. What cannot be read, or is not of its form, is said to be lost, and the rest goes on. Code
// is verified as it is read. Reading is safe from any thread. While it is kept, space that is freed
// in the store is not used again.
class BackupSource {
 public:
  // The begin of a frame, and what comes there.
  struct Position {
    std::uint64_t offset = 0;       // of the backup's bytes
    std::size_t table = 0;          // where it goes on: in this one,
    std::string key{};              // from this key on,
    std::uint64_t code_offset = 0;  // and in the code that is there
    BackupTotals totals{};          // so far
    bool ended = false;
  };

  // `store` must outlive it. kInternal when it cannot be read at all. `program` and `created_at`
  // are for the head.
  static Result<std::unique_ptr<BackupSource>> take(const Store& store, std::string program,
                                                    UnixMillis created_at);

  const BackupHead& head() const { return head_; }

  // Appends the next frames, of 256 KiB or little more, and moves `at` behind them; nothing at the
  // end. `lost`, if any, gets a line for all that is lost there.
  void next(Position& at, std::string& out, std::vector<std::string>* lost = nullptr) const;

 private:
  class Piece;

  BackupSource(const Store& store, BackupHead head);

  const Store& store_;
  const BlobStore::Pin pin_;  // before the snapshot is taken
  const std::unique_ptr<Snapshot> snapshot_;
  BackupHead head_;
};

// Which tables a backup has: not those that are bound to the place of their files.
bool is_backed_up(Table table);

}  // namespace wasm_server
