#include "backup/backup_reader.h"

#include <algorithm>
#include <utility>

#include "base/byte_codec.h"
#include "base/text.h"

namespace wasm_server {
namespace {

constexpr std::string_view kCodeTable = "references";

std::string_view key_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

}  // namespace

std::unexpected<Error> BackupReader::bad_frame(const std::string& why) const {
  return bad_backup("it is damaged at byte " + std::to_string(offset_) + ": " + why);
}

Result<void> BackupReader::push(std::string_view bytes) {
  buffer_ += bytes;
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    auto taken = offset_ == 0 ? take_line(rest) : take_frame(rest);
    if (!taken) return std::unexpected{std::move(taken).error()};
    if (*taken == 0) break;
    rest.remove_prefix(*taken);
    offset_ += *taken;
  }
  buffer_.erase(0, buffer_.size() - rest.size());
  return {};
}

Result<void> BackupReader::finish() const {
  if (complete_ && buffer_.empty()) return {};
  if (offset_ == 0) return bad_backup("it is no backup of wasm-server, or only the begin of one");
  return bad_backup("it ends too early: what is whole of it ends at byte " +
                    std::to_string(offset_));
}

// 0: there is not enough yet. A number that is not ours may be of a version to come.
Result<std::size_t> BackupReader::take_line(std::string_view bytes) {
  const std::string line = backup_first_line();
  const std::string_view begin = bytes.substr(0, line.size());
  if (begin == line) {
    TRY(visitor_.frame(begin));
    return line.size();
  }
  if (line.starts_with(begin)) return std::size_t{0};
  std::string_view behind = bytes;
  if (!bytes.starts_with(kBackupMagic)) return bad_backup("it is no backup of wasm-server");
  behind.remove_prefix(kBackupMagic.size());
  const auto version = parse_unsigned(behind.substr(0, behind.find('\n')));
  if (!version || *version <= kBackupVersion) return bad_backup("its first line is damaged");
  return bad_backup("it has format " + std::to_string(*version) +
                    ", which this program does not know: use a newer one");
}

Result<std::size_t> BackupReader::take_frame(std::string_view bytes) {
  if (complete_) return bad_frame("there is something behind its end");
  if (bytes.size() < kFrameHead) return std::size_t{0};
  ByteReader from{bytes};
  const std::uint8_t kind = from.u8();
  const std::uint64_t size = from.u64();
  if (kind == 0 || kind > std::to_underlying(FrameKind::kEnd) || size > kMaxFrame)
    return bad_frame("this is no frame");
  if (bytes.size() < kFrameExtra + size) return std::size_t{0};
  const std::string_view payload = bytes.substr(kFrameHead, size);
  const std::string_view checked = bytes.substr(0, kFrameHead + size);
  ByteReader behind{bytes.substr(checked.size(), kFrameTail)};
  const bool is_head = !head_;
  if (behind.u64() != frame_checksum(checked, offset_, is_head ? 0 : seed_))
    return bad_frame("its checksum is wrong");
  if (is_head != (kind == std::to_underlying(FrameKind::kHead)))
    return bad_frame("its frames are in the wrong order");
  TRY(take_payload(static_cast<FrameKind>(kind), payload));
  TRY(visitor_.frame(bytes.substr(0, kFrameExtra + size)));
  return kFrameExtra + static_cast<std::size_t>(size);
}

Result<void> BackupReader::take_payload(FrameKind kind, std::string_view payload) {
  if (code_ && kind != FrameKind::kCode && kind != FrameKind::kLost)
    return bad_frame("code " + to_hex(code_->digest) + " is not whole");
  switch (kind) {
    case FrameKind::kHead:
      return take_head(payload);
    case FrameKind::kRecords:
      return take_records(payload);
    case FrameKind::kCode:
      return take_code(payload);
    case FrameKind::kLost:
      return take_lost(payload);
    case FrameKind::kEnd:
      return take_end(payload);
  }
  return bad_frame("this is no frame");
}

Result<void> BackupReader::take_head(std::string_view payload) {
  TRY_ASSIGN(head_, decode_head(payload));
  seed_ = seed_of(head_->id);
  return {};
}

// Keys go upwards, and a table does not come twice: so nothing is there twice.
Result<void> BackupReader::go_on_to(std::string_view table, std::string_view key) {
  if (table != table_) {
    if (!tables_.emplace(table).second)
      return bad_frame("table " + quote(shorten(table)) + " comes twice");
    table_ = table;
    key_.reset();
  }
  if (key_ && key <= *key_) return bad_frame("its records are in the wrong order");
  key_ = key;
  return {};
}

Result<void> BackupReader::take_records(std::string_view payload) {
  ByteReader from{payload};
  const std::string_view table = from.text();
  while (!from.failed() && !from.at_end()) {
    const std::string_view key = from.text();
    const std::string_view value = from.text();
    if (from.failed()) break;
    TRY(go_on_to(table, key));
    TRY(visitor_.record(table, key, value));
    ++totals_.records;
  }
  if (from.failed()) return bad_frame("its records are not of their form");
  return {};
}

Result<void> BackupReader::take_code(std::string_view payload) {
  TRY_ASSIGN(const CodePiece piece, decode_code(payload));
  if (piece.bytes.empty()) return bad_frame("a piece of code is empty");
  if (!code_) {
    TRY(go_on_to(kCodeTable, key_of(piece.digest)));
    code_ = OpenCode{piece.digest, piece.count, piece.size, 0};
  }
  const bool follows = piece.digest == code_->digest && piece.size == code_->size &&
                       piece.count == code_->count && piece.offset == code_->next &&
                       piece.bytes.size() <= code_->size - code_->next;
  if (!follows) return bad_frame("a piece of code " + to_hex(code_->digest) + " is missing");
  hash_.update(piece.bytes);
  code_->next += piece.bytes.size();
  if (code_->next == code_->size) {
    if (hash_.finish() != piece.digest)
      return bad_frame("code " + to_hex(piece.digest) + " has another digest");
    code_.reset();
    ++totals_.codes;
    totals_.code_bytes += piece.size;
  }
  return visitor_.code(piece);
}

Result<void> BackupReader::take_lost(std::string_view payload) {
  TRY_ASSIGN(const LostRecord lost, decode_lost(payload));
  if (code_) {
    if (lost.table != kCodeTable || lost.key != key_of(code_->digest))
      return bad_frame("code " + to_hex(code_->digest) + " is not whole");
    static_cast<void>(hash_.finish());
    code_.reset();
  }
  ++totals_.lost;
  return visitor_.lost(lost);
}

Result<void> BackupReader::take_end(std::string_view payload) {
  TRY_ASSIGN(const BackupTotals said, decode_end(payload));
  if (said != totals_) return bad_frame("something of it is missing");
  complete_ = true;
  return {};
}

}  // namespace wasm_server
