#include "store/backup/backup_source.h"

#include <utility>

#include "base/random.h"
#include "store/module_record.h"
#include "store/record_check.h"

namespace wasm_server {
namespace {

constexpr std::size_t kPieceBytes = 256U << 10;

const char* name_of(Table table) { return table_names()[std::to_underlying(table)]; }

// The next key that there can be.
std::string behind(std::string_view key) { return std::string{key} + '\0'; }

}  // namespace

bool is_backed_up(Table table) { return table != Table::kState && table != Table::kExtents; }

Result<std::unique_ptr<BackupSource>> BackupSource::take(const Store& store, std::string program,
                                                         UnixMillis created_at) {
  BackupHead head{.id = {}, .created_at = created_at, .program = std::move(program), .bytes = 0};
  fill_random(head.id.bytes.data(), head.id.bytes.size());
  std::unique_ptr<BackupSource> source{new BackupSource{store, std::move(head)}};
  TRY_ASSIGN(source->head_.bytes, source->snapshot_->bytes());
  return source;
}

BackupSource::BackupSource(const Store& store, BackupHead head)
    : store_(store),
      pin_(store.blobs().pin()),
      snapshot_(store.snapshot()),
      head_(std::move(head)) {}

// What next() appends.
class BackupSource::Piece {
 public:
  Piece(const BackupSource& source, Position& at, std::string& out, std::vector<std::string>* lost)
      : source_(source), at_(at), out_(out), lost_lines_(lost) {}

  void make() {
    if (at_.ended) return;
    if (at_.offset == 0) return begin();
    while (at_.table < kTables && !is_backed_up(static_cast<Table>(at_.table))) ++at_.table;
    if (at_.table < kTables) return go_on(static_cast<Table>(at_.table));
    add(FrameKind::kEnd, encode_end(at_.totals));
    at_.ended = true;
  }

 private:
  void begin() {
    out_ += backup_first_line();
    at_.offset += backup_first_line().size();
    add(FrameKind::kHead, encode_head(source_.head_));
  }

  void add(FrameKind kind, std::string_view payload) {
    const bool is_head = kind == FrameKind::kHead;
    append_frame(out_, kind, payload, at_.offset, is_head ? 0 : seed_of(source_.head_.id));
    at_.offset += payload.size() + kFrameExtra;
  }

  void lose(Table table, std::string_view key, std::string reason) {
    ++at_.totals.lost;
    if (lost_lines_ != nullptr) lost_lines_->push_back(reason);
    add(FrameKind::kLost, encode_lost({name_of(table), std::string{key}, std::move(reason)}));
  }

  void go_on(Table table) {
    const auto cursor = source_.snapshot_->scan(table, at_.key);
    begin_records(records_, name_of(table));
    while (cursor->valid() && records_.size() < kPieceBytes) {
      const std::string_view key = cursor->key();
      const std::string_view value = cursor->value();
      const auto good = check_record(table, key, value);
      if (!good) {
        flush();
        lose(table, key, std::string{reason_of(good.error())});
        at_.key = behind(key);
        return;
      }
      if (table == Table::kReferences && is_blob(key, value)) {
        if (count_ == 0) return code_piece(key, value);
        break;
      }
      append_record(records_, key, value);
      ++count_;
      at_.key = behind(key);
      cursor->next();
    }
    flush();
    if (!cursor->valid()) end_table(table, *cursor);
  }

  void flush() {
    if (count_ == 0) return;
    at_.totals.records += std::exchange(count_, 0);
    add(FrameKind::kRecords, records_);
  }

  // Of the table, or of what can be read before a gap in it.
  void end_table(Table table, Cursor& cursor) {
    const auto status = cursor.status();
    if (!status) {
      cursor.skip_damage();
      lose(table, {},
           std::string{"table "} + name_of(table) + ": " + std::string{reason_of(status.error())});
    }
    if (cursor.valid()) {
      at_.key = cursor.key();
      return;
    }
    at_.key.clear();
    ++at_.table;
  }

  static bool is_blob(std::string_view key, std::string_view value) {
    const auto reference = decode_reference(digest_of(key), value);
    return reference && reference->blob;
  }

  void code_piece(std::string_view key, std::string_view value) {
    const Digest digest = digest_of(key);
    const auto reference = decode_reference(digest, value);  // a good one: see is_blob()
    Bytes bytes;
    const auto read =
        source_.store_.blobs().read(*reference->blob, at_.code_offset, kPieceBytes, bytes);
    if (!read) {
      source_.store_.code_health().found_damaged(digest);
      lose(Table::kReferences, key,
           "code " + to_hex(digest) + ": " + std::string{reason_of(read.error())});
      return end_code(key);
    }
    add(FrameKind::kCode, encode_code({.digest = digest,
                                       .count = reference->count,
                                       .size = reference->size,
                                       .offset = at_.code_offset,
                                       .bytes = bytes}));
    at_.code_offset += bytes.size();
    if (at_.code_offset < reference->size) return;
    ++at_.totals.codes;
    at_.totals.code_bytes += reference->size;
    end_code(key);
  }

  void end_code(std::string_view key) {
    at_.code_offset = 0;
    at_.key = behind(key);
  }

  const BackupSource& source_;
  Position& at_;
  std::string& out_;
  std::vector<std::string>* const lost_lines_;
  std::string records_;
  std::uint64_t count_ = 0;
};

void BackupSource::next(Position& at, std::string& out, std::vector<std::string>* lost) const {
  Piece{*this, at, out, lost}.make();
}

}  // namespace wasm_server
