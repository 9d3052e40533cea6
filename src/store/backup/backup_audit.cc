#include "store/backup/backup_audit.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "store/backup/backup_source.h"
#include "store/module_record.h"
#include "store/record_check.h"

namespace wasm_server {

std::optional<Table> backed_up_table(std::string_view name) {
  const TableNames& names = table_names();
  const auto* const found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  const auto table = static_cast<Table>(found - names.begin());
  return is_backed_up(table) ? std::optional{table} : std::nullopt;
}

std::unexpected<Error> unknown_table(std::string_view name) {
  return bad_backup("it has records of a kind that this program does not know (" +
                    quote(shorten(name)) + "): use a newer one");
}

Result<void> BackupAudit::record(std::string_view table, std::string_view key,
                                 std::string_view value) {
  const auto known = backed_up_table(table);
  if (!known) return unknown_table(table);
  if (const auto good = check_record(*known, key, value); !good) {
    say(std::string{reason_of(good.error())});
    incomplete_ = true;
    return {};
  }
  count(*known, key, value);
  return {};
}

void BackupAudit::count(Table table, std::string_view key, std::string_view value) {
  if (table == Table::kModules || table == Table::kRevisions) {
    ++(table == Table::kModules ? report_.modules : report_.revisions);
    const auto head = decode_record_head(module_of(key), value);
    if (head) ++held_[head->digest];
  } else if (table == Table::kReferences) {
    const Digest digest = digest_of(key);
    const auto reference = decode_reference(digest, value);
    if (!reference) return;
    take_code(digest, reference->count);
    if (reference->blob) return say("code " + to_hex(digest) + " is not in the backup");
    if (!reference->code) in_table_.insert(digest);
  } else if (table == Table::kCode && in_table_.erase(digest_of(key)) == 0) {
    say("code " + to_hex(digest_of(key)) + " is there, and nothing refers to it");
  }
}

// Of code whose bytes are there, or are still to come.
void BackupAudit::take_code(const Digest& digest, std::uint64_t count) {
  ++report_.codes;
  const auto found = held_.find(digest);
  const std::uint64_t held = found == held_.end() ? 0 : std::exchange(found->second, 0);
  if (count == held || incomplete_) return;
  say("code " + to_hex(digest) + " counts " + std::to_string(count) + " references, and has " +
      std::to_string(held));
}

Result<void> BackupAudit::code(const CodePiece& piece) {
  if (piece.offset + piece.bytes.size() == piece.size) take_code(piece.digest, piece.count);
  return {};
}

Result<void> BackupAudit::lost(const LostRecord& lost) {
  say(lost.reason);
  const auto table = backed_up_table(lost.table);
  const bool is_code = table == Table::kReferences || table == Table::kCode;
  if (is_code && lost.key.size() == sizeof(Digest::bytes)) {
    // That code is damaged is said: not also that it is missing.
    if (table == Table::kReferences) ++report_.codes;
    held_[digest_of(lost.key)] = 0;
    in_table_.erase(digest_of(lost.key));
  } else {
    incomplete_ = true;
  }
  if (lost.key.empty()) report_.has_gaps = true;
  return {};
}

StoreReport BackupAudit::report() && {
  for (const auto& [digest, count] : held_) {
    if (count > 0) say("code " + to_hex(digest) + " is missing, which revisions have");
  }
  for (const Digest& digest : in_table_) say("code " + to_hex(digest) + " is missing");
  return std::move(report_);
}

}  // namespace wasm_server
