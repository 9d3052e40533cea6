#pragma once

// A backup as bytes: one file, or one stream over HTTP. Numbers are little-endian; `varint` and
// `text` are those of base/byte_codec.h.
//
//   backup  the line "wasm-server backup 1\n", where 1 is the version of the format; then frames:
//           one head, any number of the others, one end; and nothing behind it
//   frame   kind u8, size u64, that many bytes, checksum u64
//
//   head    id 16 bytes, created_at u64 (ms since 1970), program text, bytes u64
//   records table text, then key text and value text of each record, in the order of the keys
//   code    digest 32 bytes, count varint, size varint, offset varint, bytes text
//   lost    table text, key text, reason text
//   end     records u64, codes u64, code_bytes u64, lost u64: how many of each there were
//
// `bytes` of the head says about how much is to come. A table is called by its name on disk, and
// its records are as they are there. Code that is not in its record comes in pieces that follow
// each other, and `count` is how many revisions have it. What could not be read where the backup
// was made is not there, and said to be lost; code whose pieces began ends with that.
//
// The checksum is XXH3-64 of all of the frame before it, with a seed of the frame's place in the
// backup and of the backup's id (zero for the head): so no frame is taken for one of another place
// or another backup.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"

namespace wasm_server {

inline constexpr std::string_view kBackupMagic = "wasm-server backup ";
inline constexpr unsigned kBackupVersion = 1;
std::string backup_first_line();

enum class FrameKind : std::uint8_t { kHead = 1, kRecords, kCode, kLost, kEnd };

// More than any of our frames has: a record takes a few hundred bytes, a piece of code 256 KiB.
inline constexpr std::uint64_t kMaxFrame = 256ULL << 20;

struct BackupId {
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(const BackupId&, const BackupId&) = default;
};
std::string to_text(const BackupId& id);  // 32 hexadecimal digits
std::uint64_t seed_of(const BackupId& id);

struct BackupHead {
  BackupId id;
  UnixMillis created_at = 0;
  std::string program;
  std::uint64_t bytes = 0;
};

struct CodePiece {
  Digest digest;
  std::uint64_t count = 0;
  std::uint64_t size = 0;  // of the whole code
  std::uint64_t offset = 0;
  std::string_view bytes;
};

// What a backup has not, because it could not be read.
struct LostRecord {
  std::string table;
  std::string key;     // empty: not known
  std::string reason;  // one line, which names what it was
};

struct BackupTotals {
  std::uint64_t records = 0;
  std::uint64_t codes = 0;
  std::uint64_t code_bytes = 0;
  std::uint64_t lost = 0;

  friend bool operator==(const BackupTotals&, const BackupTotals&) = default;
};

// Payloads. Any bytes at all may be decoded; kBadRequest when they are not of their form.
std::string encode_head(const BackupHead& head);
Result<BackupHead> decode_head(std::string_view payload);
void begin_records(std::string& out, std::string_view table);
void append_record(std::string& out, std::string_view key, std::string_view value);
std::string encode_code(const CodePiece& piece);
Result<CodePiece> decode_code(std::string_view payload);  // points into it
std::string encode_lost(const LostRecord& lost);
Result<LostRecord> decode_lost(std::string_view payload);
std::string encode_end(const BackupTotals& totals);
Result<BackupTotals> decode_end(std::string_view payload);

// A frame around a payload: what goes before it, what behind.
inline constexpr std::size_t kFrameHead = 9;
inline constexpr std::size_t kFrameTail = 8;
inline constexpr std::size_t kFrameExtra = kFrameHead + kFrameTail;

// Appends the frame to `out`. `offset`: its place in the backup.
void append_frame(std::string& out, FrameKind kind, std::string_view payload, std::uint64_t offset,
                  std::uint64_t id_seed);

std::uint64_t frame_checksum(std::string_view head_and_payload, std::uint64_t offset,
                             std::uint64_t id_seed);

std::unexpected<Error> bad_backup(std::string why);

}  // namespace wasm_server
