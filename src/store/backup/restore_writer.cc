#include "store/backup/restore_writer.h"

#include <utility>

#include "store/backup/backup_audit.h"
#include "store/module_record.h"
#include "store/record_check.h"

namespace wasm_server {
namespace {

constexpr std::size_t kBatchBytes = 8U << 20;
constexpr std::size_t kRecordCost = 200;  // of a batch's memory, beside key and value

// A place in the blob file is that of another one.
Result<void> check_place(Table table, std::string_view key, std::string_view value) {
  if (table != Table::kReferences) return {};
  TRY_ASSIGN(const CodeReference reference, decode_reference(digest_of(key), value));
  if (!reference.blob) return {};
  return bad_backup("it has a reference to a place outside of it: " + name_of_record(table, key));
}

}  // namespace

Result<Batch*> RestoreWriter::batch() {
  if (!batch_) {
    TRY_ASSIGN(batch_, store_.begin());
  }
  return batch_.get();
}

Result<void> RestoreWriter::commit() {
  batch_bytes_ = 0;
  const auto batch = std::move(batch_);
  return batch ? store_.commit(*batch) : Result<void>{};
}

Result<void> RestoreWriter::added(std::size_t bytes) {
  batch_bytes_ += bytes + kRecordCost;
  return batch_bytes_ < kBatchBytes ? Result<void>{} : commit();
}

Result<void> RestoreWriter::record(std::string_view table, std::string_view key,
                                   std::string_view value) {
  const auto known = backed_up_table(table);
  if (!known) return unknown_table(table);
  if (const auto good = check_record(*known, key, value); !good)
    return bad_backup("it has a record that is none: " + std::string{reason_of(good.error())});
  TRY(check_place(*known, key, value));
  TRY_ASSIGN(Batch* const batch, this->batch());
  TRY(batch->put(*known, key, value));
  return added(key.size() + value.size());
}

Result<void> RestoreWriter::code(const CodePiece& piece) {
  if (piece.offset == 0) code_.clear();
  code_ += piece.bytes;
  if (code_.size() < piece.size) return {};
  TRY_ASSIGN(Batch* const batch, this->batch());
  CodeReference reference{.count = piece.count, .size = piece.size};
  TRY_ASSIGN(reference.blob, batch->add_blob(code_));
  TRY(batch->put(Table::kReferences, digest_key(piece.digest), encode_reference(reference)));
  return added(code_.size());
}

Result<void> RestoreWriter::lost(const LostRecord& lost) {
  lost_.push_back(lost.reason);
  return {};
}

}  // namespace wasm_server
