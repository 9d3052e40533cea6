#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "base/log.h"
#include "store/module_amount.h"
#include "store/module_reads.h"
#include "store/module_repository.h"
#include "store/reference_count.h"

namespace wasm_server {
namespace {

// Code over this is a blob: a write and a sync more, but it is written once, and never again by a
// compaction.
constexpr std::size_t kMaxTableCode = 16U << 10;

bool has_bytes(const BlobStore& blobs, const Blob& blob, const Bytes& bytes) {
  constexpr std::size_t kPiece = 16 * kBlobChunk;
  Bytes piece;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const auto read = blobs.read(blob, at, kPiece, piece);
    if (!read || piece != ByteView{bytes}.substr(at, kPiece)) return false;
  }
  return blob.extent.size == bytes.size();
}

bool has_bytes(const Reader& from, const Digest& digest, const Bytes& bytes) {
  Bytes stored;
  const auto read = from.get(Table::kCode, digest_key(digest), stored);
  return read && *read && stored == bytes;
}

}  // namespace

Result<std::optional<WasmMetaData>> ModuleBatch::find(std::string_view id) const {
  return read_module(batch_, id);
}

Result<std::optional<WasmMetaData>> ModuleBatch::find_revision(std::string_view id,
                                                               std::uint64_t revision) const {
  return read_revision(batch_, id, revision);
}

Result<ModuleBatch::Change> ModuleBatch::put(const WasmMetaData& meta_data,
                                             const SharedBytes& code) {
  TRY(add_reference(meta_data.digest, code));
  Change change{.stored = {.modules = 1}};
  bool is_new_code = true;
  std::string record;
  TRY_ASSIGN(const bool supersedes, batch_.get(Table::kModules, meta_data.id, record));
  if (supersedes) {
    TRY_ASSIGN(const RecordHead head, decode_record_head(meta_data.id, record));
    TRY(batch_.put(Table::kRevisions, revision_key(meta_data.id, head.revision), record));
    is_new_code = head.digest != meta_data.digest;
    change.stored.modules = 0;
  }
  encode_record(meta_data, record);
  TRY(batch_.put(Table::kModules, meta_data.id, record));
  change.stored.bytes = stored_bytes(record.size(), is_new_code ? meta_data.size : 0);
  return change;
}

Result<void> ModuleBatch::add_reference(const Digest& digest, const SharedBytes& code) {
  std::string record;
  auto reference = read_reference(batch_, digest, record);
  if (!reference) {
    if (!code) return std::unexpected{std::move(reference).error()};
    TRY_ASSIGN(reference, mend_reference(digest, *code));
  } else if (!*reference) {
    if (!code) {
      return fail(ErrorCode::kInternal, "the module's code is not there",
                  "code " + to_hex(digest) + " is neither stored nor given");
    }
    TRY_ASSIGN(reference, store_code(digest, *code));
  } else if (code && !is_readable(digest, **reference, *code)) {
    log_warning("store: code " + to_hex(digest) + " is damaged and written anew");
    TRY(mend_code(digest, **reference, *code));
  }
  ++(*reference)->count;
  return batch_.put(Table::kReferences, digest_key(digest), encode_reference(**reference));
}

// Read once since the start, so that who stores the code again is not told that it is stored when
// it cannot be had back. It takes no longer than writing it would.
bool ModuleBatch::is_readable(const Digest& digest, const CodeReference& reference,
                              const Bytes& code) {
  CodeHealth& health = batch_.code_health();
  if (reference.code || health.is_intact(digest)) return true;
  if (health.is_damaged(digest)) return false;
  const bool same = reference.blob ? has_bytes(batch_.blobs(), *reference.blob, code)
                                   : has_bytes(batch_, digest, code);
  same ? health.found_intact(digest) : health.found_damaged(digest);
  return same;
}

// For one that cannot be read any more. Where its blob was is not known: that room stays in use.
Result<CodeReference> ModuleBatch::mend_reference(const Digest& digest, const Bytes& code) {
  TRY_ASSIGN(const std::uint64_t count, count_references(batch_, digest));
  log_warning("store: the reference of code " + to_hex(digest) + " is damaged and written anew");
  TRY_ASSIGN(CodeReference reference, store_code(digest, code));
  reference.count = count;
  return reference;
}

// The reference that it has then, which nobody holds yet.
Result<CodeReference> ModuleBatch::store_code(const Digest& digest, const Bytes& code) {
  CodeReference reference{.size = code.size()};
  if (code.size() <= kInlineCode) {
    reference.code = code;
  } else if (code.size() <= kMaxTableCode) {
    TRY(batch_.put(Table::kCode, digest_key(digest), code));
  } else {
    TRY_ASSIGN(reference.blob, batch_.add_blob(code));
  }
  if (!reference.code) batch_.code_health().found_intact(digest);
  return reference;
}

Result<void> ModuleBatch::mend_code(const Digest& digest, CodeReference& reference,
                                    const Bytes& code) {
  if (reference.blob) {
    TRY(batch_.release_blob(reference.blob->extent));
    TRY_ASSIGN(reference.blob, batch_.add_blob(code));
  } else {
    TRY(batch_.put(Table::kCode, digest_key(digest), code));
  }
  batch_.code_health().found_intact(digest);
  return {};
}

Result<ModuleBatch::Change> ModuleBatch::keep_newest(std::string_view id, std::uint64_t revisions) {
  TRY_ASSIGN(const auto current, read_module_head(batch_, id));
  if (!current) return fail(ErrorCode::kNotFound, "no such module");
  if (current->revision <= revisions) return Change{};
  const std::uint64_t first_to_go = current->revision - std::max<std::uint64_t>(revisions, 1);
  RecordHead youngest = *current;
  if (revisions > 1) {
    std::string record;
    TRY_ASSIGN(const bool there,
               batch_.get(Table::kRevisions, revision_key(id, first_to_go + 1), record));
    if (there) {
      TRY_ASSIGN(youngest, decode_record_head(id, record));
    }
  }
  Counts counts;
  Change change;
  TRY_ASSIGN(change.stored, erase_older(id, youngest, first_to_go, counts));
  TRY_ASSIGN(change.freed, drop_all(id, counts));
  return change;
}

Result<ModuleBatch::Change> ModuleBatch::erase(std::string_view id) {
  std::string record;
  TRY_ASSIGN(const bool there, batch_.get(Table::kModules, id, record));
  if (!there) return fail(ErrorCode::kNotFound, "no such module");
  TRY_ASSIGN(const RecordHead current, decode_record_head(id, record));
  Counts counts{{current.digest, 1}};
  Change change;
  TRY_ASSIGN(change.stored, erase_older(id, current, current.revision - 1, counts));
  TRY(batch_.erase(Table::kModules, id));
  change.stored += {.modules = -1, .bytes = -stored_bytes(record.size(), current.size)};
  TRY_ASSIGN(change.freed, drop_all(id, counts));
  return change;
}

// Of the superseded revisions that are committed; the greatest number when there is none.
Result<std::uint64_t> ModuleBatch::oldest_stored(std::string_view id) const {
  const std::string first = revision_key(id, 0);
  const std::string_view beginning = std::string_view(first).substr(0, id.size() + 1);
  const auto cursor = batch_.stored().scan(Table::kRevisions, first);
  if (cursor->valid() && cursor->key().starts_with(beginning)) {
    TRY_ASSIGN(const RecordHead head, decode_record_head(id, cursor->value()));
    return head.revision;
  }
  TRY(cursor->status());
  return std::numeric_limits<std::uint64_t>::max();
}

// Removes the revisions from number `from` downwards, of which `younger` is the next that stays or
// was counted already. They are numbered without a gap, but for one that a repair has left.
Result<StoredAmount> ModuleBatch::erase_older(std::string_view id, RecordHead younger,
                                              std::uint64_t from, Counts& counts) {
  StoredAmount stored;
  std::optional<std::uint64_t> oldest;  // looked for at the first gap
  std::string record;
  for (std::uint64_t revision = from; revision > 0; --revision) {
    const std::string key = revision_key(id, revision);
    TRY_ASSIGN(const bool there, batch_.get(Table::kRevisions, key, record));
    if (!there && !oldest) {
      TRY_ASSIGN(oldest, oldest_stored(id));
    }
    if (oldest && revision < *oldest) break;
    if (!there) continue;
    TRY_ASSIGN(const RecordHead head, decode_record_head(id, record));
    stored.bytes -= stored_bytes(record.size(), head.digest == younger.digest ? 0 : head.size);
    ++counts[head.digest];
    TRY(batch_.erase(Table::kRevisions, key));
    younger = head;
  }
  return stored;
}

Result<ModuleBatch::Change> ModuleBatch::erase_damaged(std::string_view id) {
  Counts counts;
  const std::string first = revision_key(id, 0);
  const std::string_view beginning = std::string_view(first).substr(0, id.size() + 1);
  const auto cursor = batch_.stored().scan(Table::kRevisions, first);
  for (; cursor->valid() && cursor->key().starts_with(beginning); cursor->next()) {
    const std::string key(cursor->key());
    if (const auto head = decode_record_head(id, cursor->value())) ++counts[head->digest];
    TRY(batch_.erase(Table::kRevisions, key));
  }
  TRY(cursor->status());
  TRY(batch_.erase(Table::kModules, id));
  log_warning("store: the record of " + std::string{id} +
              " is damaged: it is deleted, but for its code");
  Change change;
  TRY_ASSIGN(change.freed, drop_all(id, counts));
  return change;
}

Result<std::vector<Digest>> ModuleBatch::drop_all(std::string_view id, const Counts& counts) {
  std::vector<Digest> freed;
  for (const auto& [digest, count] : counts) {
    TRY_ASSIGN(const bool gone, drop_references(id, digest, count));
    if (gone) freed.push_back(digest);
  }
  return freed;
}

// Whether nobody refers to the code any more, which is gone then. A reference that cannot be read
// is left as it is: who stores the code again counts anew.
Result<bool> ModuleBatch::drop_references(std::string_view id, const Digest& digest,
                                          std::uint64_t count) {
  std::string record;
  auto read = read_reference(batch_, digest, record);
  if (!read) {
    log_warning("store: " + read.error().log + ": " + std::string{id} + " is deleted without it");
    return false;
  }
  auto reference = *std::move(read);
  if (!reference || reference->count < count) {
    return fail(
        ErrorCode::kInternal, "a stored record is damaged",
        "code " + to_hex(digest) + " has fewer references than " + std::string{id} + " holds");
  }
  reference->count -= count;
  if (reference->count == 0) {
    TRY(drop_code(digest, *reference));
    return true;
  }
  TRY(batch_.put(Table::kReferences, digest_key(digest), encode_reference(*reference)));
  return false;
}

Result<void> ModuleBatch::drop_code(const Digest& digest, const CodeReference& reference) {
  if (reference.blob) {
    TRY(batch_.release_blob(reference.blob->extent));
  } else if (!reference.code) {
    TRY(batch_.erase(Table::kCode, digest_key(digest)));
  }
  return batch_.erase(Table::kReferences, digest_key(digest));
}

}  // namespace wasm_server
