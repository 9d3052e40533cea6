#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "backup/frame.h"
#include "base/result.h"
#include "base/sha256.h"

namespace wasm_server {

// What a backup holds, in its order. An error ends the reading.
class BackupVisitor {
 public:
  virtual ~BackupVisitor() = default;

  // The bytes of each frame that is right, and before the first one the file's first line.
  virtual Result<void> frame(std::string_view /*bytes*/) { return {}; }
  virtual Result<void> record(std::string_view /*table*/, std::string_view /*key*/,
                              std::string_view /*value*/) {
    return {};
  }
  // One piece behind the other. The last one comes only when the whole has its digest.
  virtual Result<void> code(const CodePiece& /*piece*/) { return {}; }
  // Of code whose pieces began, too: no more of them come.
  virtual Result<void> lost(const LostRecord& /*lost*/) { return {}; }
};

// Reads a backup from its start to its end, as it arrives, and verifies all of it: each frame, that
// none is missing, and the digest of each code. Never has more than one frame in memory, however
// large that says it is. Belongs to one thread.
class BackupReader {
 public:
  // `visitor` must outlive it.
  explicit BackupReader(BackupVisitor& visitor) : visitor_(visitor) {}

  // The bytes that follow those before. kBadRequest, with what is wrong, when they are no backup;
  // then only offset() is good for anything.
  Result<void> push(std::string_view bytes);
  // kBadRequest unless the end came, and nothing behind it.
  Result<void> finish() const;

  // How many bytes there are in whole frames.
  std::uint64_t offset() const { return offset_; }
  // The next bytes are those from offset() on: forgets what it has of the frame there.
  void resume() { buffer_.clear(); }

  const std::optional<BackupHead>& head() const { return head_; }
  bool is_complete() const { return complete_; }
  const BackupTotals& totals() const { return totals_; }

 private:
  struct OpenCode {
    Digest digest;
    std::uint64_t count;
    std::uint64_t size;
    std::uint64_t next;
  };

  Result<std::size_t> take_line(std::string_view bytes);
  Result<std::size_t> take_frame(std::string_view bytes);
  Result<void> take_payload(FrameKind kind, std::string_view payload);
  Result<void> take_head(std::string_view payload);
  Result<void> take_records(std::string_view payload);
  Result<void> take_code(std::string_view payload);
  Result<void> take_lost(std::string_view payload);
  Result<void> take_end(std::string_view payload);
  Result<void> go_on_to(std::string_view table, std::string_view key);
  std::unexpected<Error> bad_frame(const std::string& why) const;

  BackupVisitor& visitor_;
  std::string buffer_;  // what is no whole frame yet
  std::uint64_t offset_ = 0;
  std::optional<BackupHead> head_;
  std::uint64_t seed_ = 0;
  BackupTotals totals_;
  bool complete_ = false;

  std::set<std::string, std::less<>> tables_;  // all that came
  std::string table_;                          // the last one, and its last key
  std::optional<std::string> key_;
  std::optional<OpenCode> code_;
  Sha256 hash_;
};

}  // namespace wasm_server
