#include "store/store_mend.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "store/backup/backup_source.h"
#include "store/batch.h"
#include "store/extent_record.h"
#include "store/module_record.h"
#include "store/module_repository.h"
#include "store/record_check.h"

namespace wasm_server {
namespace {

constexpr std::size_t kMaxChanges = 2'000;  // of a batch

class Mender {
 public:
  explicit Mender(Store& store) : store_(store) {}

  Result<std::vector<std::string>> run() {
    for (std::size_t i = 0; i < kTables; ++i) {
      const auto table = static_cast<Table>(i);
      if (!is_backed_up(table) || table == Table::kReferences) continue;
      TRY(take_out_bad_records(table));
    }
    TRY(read_codes());
    TRY(mend_modules());
    TRY(mend_counts());
    TRY(free_code());
    TRY(free_extents());
    TRY(commit());
    return std::move(lines_);
  }

 private:
  struct Revision {
    std::uint64_t number;
    Digest digest;
    bool is_current;
  };

  void say(std::string line) { lines_.push_back(std::move(line)); }

  // What cursors see is what was committed before they were made.
  Result<Batch*> batch() {
    if (batch_ && batch_->mark().changes >= kMaxChanges) {
      TRY(commit());
    }
    if (!batch_) {
      TRY_ASSIGN(batch_, store_.begin());
    }
    return batch_.get();
  }

  Result<void> commit() {
    const auto batch = std::move(batch_);
    return batch ? store_.commit(*batch) : Result<void>{};
  }

  Result<void> erase(Table table, std::string_view key, std::string line) {
    TRY_ASSIGN(Batch* const batch, this->batch());
    TRY(batch->erase(table, key));
    say(std::move(line));
    return {};
  }

  template <class Look>
  Result<void> for_each(Table table, Look look) {
    TRY(commit());
    const auto cursor = store_.scan(table, {});
    for (; cursor->valid(); cursor->next()) {
      TRY(look(cursor->key(), cursor->value()));
    }
    return cursor->status();
  }

  Result<void> take_out_bad_records(Table table) {
    return for_each(table, [&](std::string_view key, std::string_view value) -> Result<void> {
      const auto good = check_record(table, key, value);
      if (good) return {};
      return erase(table, key, std::string{reason_of(good.error())} + ": taken out");
    });
  }

  Result<void> read_codes() {
    return for_each(Table::kReferences,
                    [&](std::string_view key, std::string_view value) -> Result<void> {
                      const Result<void> whole = check_code(key, value);
                      if (!whole)
                        return take_out_code(key, value, std::string{reason_of(whole.error())});
                      held_.emplace(digest_of(key), 0);
                      return {};
                    });
  }

  Result<void> check_code(std::string_view key, std::string_view value) const {
    TRY(check_record(Table::kReferences, key, value));
    const Digest digest = digest_of(key);
    TRY_ASSIGN(const CodeReference reference, decode_reference(digest, value));
    if (reference.code) return {};
    const auto code = ModuleRepository{store_}.read_code(digest);
    if (!code) return std::unexpected{code.error()};
    if (*code && sha256(**code) == digest) return {};
    return fail(ErrorCode::kInternal, "a stored record is damaged",
                "code " + to_hex(digest) + (*code ? " is not what was stored" : " is missing"));
  }

  Result<void> take_out_code(std::string_view key, std::string_view value, std::string why) {
    TRY_ASSIGN(Batch* const batch, this->batch());
    const auto reference = decode_reference(digest_of(key), value);
    if (reference && reference->blob) {
      TRY(batch->release_blob(reference->blob->extent));
    }
    return erase(Table::kReferences, key, std::move(why) + ": taken out");
  }

  // Module by module: both tables are in the order of the ids.
  Result<void> mend_modules() {
    TRY(commit());
    const auto modules = store_.scan(Table::kModules, {});
    const auto revisions = store_.scan(Table::kRevisions, {});
    while (modules->valid() || revisions->valid()) {
      const std::string id = next_id(*modules, *revisions);
      std::vector<Revision> all;
      for (; revisions->valid() && module_of(revisions->key()) == id; revisions->next()) {
        TRY(add(all, id, revisions->value(), false));
      }
      if (modules->valid() && modules->key() == id) {
        TRY(add(all, id, modules->value(), true));
        modules->next();
      }
      TRY(mend_module(id, all));
    }
    TRY(modules->status());
    return revisions->status();
  }

  static std::string next_id(const Cursor& modules, const Cursor& revisions) {
    if (!revisions.valid()) return std::string{modules.key()};
    const std::string_view id = module_of(revisions.key());
    return std::string{modules.valid() ? std::min(modules.key(), id) : id};
  }

  static Result<void> add(std::vector<Revision>& all, std::string_view id, std::string_view record,
                          bool is_current) {
    TRY_ASSIGN(const RecordHead head, decode_record_head(id, record));
    all.push_back({head.revision, head.digest, is_current});
    return {};
  }

  Result<void> mend_module(const std::string& id, std::vector<Revision>& all) {
    const auto is_lost = [this](const Revision& one) { return !held_.contains(one.digest); };
    bool has_current = false;
    for (const Revision& one : all) {
      const bool lost = is_lost(one);
      has_current = has_current || (one.is_current && !lost);
      if (!lost) {
        ++held_.at(one.digest);
        continue;
      }
      const bool current = one.is_current;
      TRY(erase(current ? Table::kModules : Table::kRevisions,
                current ? id : revision_key(id, one.number),
                "module " + id + ", revision " + std::to_string(one.number) + ": its code " +
                    to_hex(one.digest) + " is lost: taken out"));
    }
    std::erase_if(all, is_lost);
    if (has_current) return {};
    if (!all.empty()) return go_back(id, all.back().number);
    say("module " + id + " is taken out: no revision of it is whole");
    return {};
  }

  Result<void> go_back(const std::string& id, std::uint64_t revision) {
    TRY_ASSIGN(Batch* const batch, this->batch());
    const std::string key = revision_key(id, revision);
    std::string record;
    TRY(batch->get(Table::kRevisions, key, record));
    TRY(batch->put(Table::kModules, id, record));
    return erase(Table::kRevisions, key,
                 "module " + id + " goes back to revision " + std::to_string(revision) +
                     ", which is the current one again");
  }

  Result<void> mend_counts() {
    return for_each(
        Table::kReferences, [&](std::string_view key, std::string_view value) -> Result<void> {
          TRY_ASSIGN(CodeReference reference, decode_reference(digest_of(key), value));
          const std::uint64_t held = held_.at(digest_of(key));
          if (held == 0)
            return take_out_code(key, value, name_of_record(Table::kCode, key) + ": nobody has it");
          if (held == reference.count) return {};
          say(name_of_record(Table::kCode, key) + " counted " + std::to_string(reference.count) +
              " references: it has " + std::to_string(held));
          reference.count = held;
          TRY_ASSIGN(Batch* const batch, this->batch());
          return batch->put(Table::kReferences, key, encode_reference(reference));
        });
  }

  // What lies in a table of its own, and is not referred to any more.
  Result<void> free_code() {
    TRY(commit());
    return for_each(Table::kCode, [&](std::string_view key, std::string_view) -> Result<void> {
      std::string record;
      TRY_ASSIGN(const bool there, store_.get(Table::kReferences, key, record));
      if (there) {
        TRY_ASSIGN(const CodeReference reference, decode_reference(digest_of(key), record));
        if (!reference.code && !reference.blob) return {};
      }
      return erase(
          Table::kCode, key,
          name_of_record(Table::kCode, key) + " is in no reference: its bytes are taken out");
    });
  }

  Result<void> free_extents() {
    std::set<std::uint64_t> used;
    TRY(for_each(Table::kReferences,
                 [&](std::string_view key, std::string_view value) -> Result<void> {
                   TRY_ASSIGN(const auto reference, decode_reference(digest_of(key), value));
                   if (reference.blob) used.insert(reference.blob->extent.offset);
                   return {};
                 }));
    return for_each(Table::kExtents,
                    [&](std::string_view key, std::string_view value) -> Result<void> {
                      TRY_ASSIGN(const Extent extent, decode_extent(key, value));
                      if (used.contains(extent.offset)) return {};
                      TRY_ASSIGN(Batch* const batch, this->batch());
                      say("the blob file: the " + std::to_string(extent.size) + " bytes at " +
                          std::to_string(extent.offset) + ", which nothing refers to, are free");
                      return batch->release_blob(extent);
                    });
  }

  Store& store_;
  std::unique_ptr<Batch> batch_;
  std::vector<std::string> lines_;
  std::map<Digest, std::uint64_t> held_;  // how many whole revisions have each code that is whole
};

}  // namespace

Result<std::vector<std::string>> mend_store(Store& store) { return Mender{store}.run(); }

}  // namespace wasm_server
