#include "backup/frame.h"

#include <algorithm>
#include <utility>

#include <xxhash.h>

#include "base/byte_codec.h"
#include "base/text.h"

namespace wasm_server {
namespace {

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

}  // namespace

std::string backup_first_line() {
  return std::string{kBackupMagic} + std::to_string(kBackupVersion) + "\n";
}

std::string to_text(const BackupId& id) {
  std::string text;
  append_hex(text, id.bytes);
  return text;
}

std::uint64_t seed_of(const BackupId& id) { return XXH3_64bits(id.bytes.data(), id.bytes.size()); }

std::unexpected<Error> bad_backup(std::string why) {
  return fail(ErrorCode::kBadRequest, std::move(why));
}

std::string encode_head(const BackupHead& head) {
  std::string payload{reinterpret_cast<const char*>(head.id.bytes.data()), head.id.bytes.size()};
  ByteWriter to{payload};
  to.u64(static_cast<std::uint64_t>(head.created_at));
  to.text(head.program);
  to.u64(head.bytes);
  return payload;
}

Result<BackupHead> decode_head(std::string_view payload) {
  ByteReader from{payload};
  BackupHead head;
  std::ranges::copy(from.raw(head.id.bytes.size()), head.id.bytes.begin());
  head.created_at = static_cast<UnixMillis>(from.u64());
  head.program = from.text();
  head.bytes = from.u64();
  if (from.failed() || !from.at_end()) return bad_backup("its head is not of its form");
  return head;
}

void begin_records(std::string& out, std::string_view table) { ByteWriter{out}.text(table); }

void append_record(std::string& out, std::string_view key, std::string_view value) {
  ByteWriter to{out};
  to.text(key);
  to.text(value);
}

std::string encode_code(const CodePiece& piece) {
  constexpr std::size_t kNumbers = 4 * 10;
  std::string payload;
  payload.reserve(piece.digest.bytes.size() + kNumbers + piece.bytes.size());
  ByteWriter to{payload};
  to.raw(bytes_of(piece.digest));
  to.varint(piece.count);
  to.varint(piece.size);
  to.varint(piece.offset);
  to.text(piece.bytes);
  return payload;
}

Result<CodePiece> decode_code(std::string_view payload) {
  ByteReader from{payload};
  CodePiece piece;
  const std::string_view digest = from.raw(piece.digest.bytes.size());
  std::ranges::copy(digest, piece.digest.bytes.begin());
  piece.count = from.varint();
  piece.size = from.varint();
  piece.offset = from.varint();
  piece.bytes = from.text();
  if (from.failed() || !from.at_end()) return bad_backup("a piece of code is not of its form");
  return piece;
}

std::string encode_lost(const LostRecord& lost) {
  std::string payload;
  ByteWriter to{payload};
  to.text(lost.table);
  to.text(lost.key);
  to.text(lost.reason);
  return payload;
}

Result<LostRecord> decode_lost(std::string_view payload) {
  ByteReader from{payload};
  LostRecord lost;
  lost.table = from.text();
  lost.key = from.text();
  lost.reason = from.text();
  if (from.failed() || !from.at_end())
    return bad_backup("what it says to have lost is not of its form");
  return lost;
}

std::string encode_end(const BackupTotals& totals) {
  std::string payload;
  ByteWriter to{payload};
  for (const std::uint64_t number :
       {totals.records, totals.codes, totals.code_bytes, totals.lost}) {
    to.u64(number);
  }
  return payload;
}

Result<BackupTotals> decode_end(std::string_view payload) {
  ByteReader from{payload};
  BackupTotals totals;
  for (auto* number : {&totals.records, &totals.codes, &totals.code_bytes, &totals.lost})
    *number = from.u64();
  if (from.failed() || !from.at_end()) return bad_backup("its end is not of its form");
  return totals;
}

void append_frame(std::string& out, FrameKind kind, std::string_view payload, std::uint64_t offset,
                  std::uint64_t id_seed) {
  const std::size_t begin = out.size();
  ByteWriter to{out};
  to.u8(std::to_underlying(kind));
  to.u64(payload.size());
  to.raw(payload);
  to.u64(frame_checksum(std::string_view{out}.substr(begin), offset, id_seed));
}

std::uint64_t frame_checksum(std::string_view head_and_payload, std::uint64_t offset,
                             std::uint64_t id_seed) {
  return XXH3_64bits_withSeed(head_and_payload.data(), head_and_payload.size(), id_seed + offset);
}

}  // namespace wasm_server
