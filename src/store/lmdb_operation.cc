#include "store/lmdb_operation.h"

#include <cstring>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "store/lmdb_reader.h"
#include "store/record.h"

namespace wasm_server {
namespace {

constexpr std::string_view kWriting = "writing";

// The reference record of an operation's code with one reference more; `found` is what is stored.
BlobReference one_more(const Operation& operation, const std::optional<BlobReference>& found) {
  if (found) return {found->count + 1, found->size, found->code, found->place};
  if (operation.place) return {1, operation.place->size, std::nullopt, operation.place};
  BlobReference reference{1, operation.code->size(), std::nullopt, std::nullopt};
  if (reference.size <= kInlineCode) reference.code = *operation.code;
  return reference;
}

// What an operation works with; short-lived.
class Performer {
 public:
  Performer(const LmdbEnv& env, MDB_txn* txn, bool& poisoned)
      : databases_(env.databases()), txn_(txn), reader_(env, txn), poisoned_(poisoned) {}

  Result<Freed> put(const Operation& operation);
  Result<Freed> erase(const std::string& id);

 private:
  using References = std::map<Digest, std::uint64_t>;

  // What is left of a blob when an id has given up its references.
  struct Release {
    std::optional<std::string> record;  // empty: nobody refers to it any more
    bool has_blob = false;              // its code stands in `blobs`
    std::optional<CodePlace> place;     // its code stands there
  };

  Result<void> write(MDB_dbi database, std::string_view key, std::string_view value);
  Result<void> remove(MDB_dbi database, std::string_view key);
  Result<void> put_code(const Operation& operation);
  Result<void> put_record(const Operation& operation);
  Result<void> supersede(const Operation& operation, std::string_view old_record);

  Result<References> count_references(const std::string& id) const;
  Result<void> erase_revisions(const std::string& id);
  Result<Release> plan_release(const std::string& id, const Digest& digest,
                               std::uint64_t count) const;
  Result<void> perform_release(const Digest& digest, const Release& release);

  std::unexpected<Error> poison(int rc) {
    poisoned_ = true;
    return lmdb_error(rc, kWriting);
  }

  const Databases& databases_;
  MDB_txn* txn_;
  LmdbReader reader_;
  bool& poisoned_;
};

Result<void> Performer::write(MDB_dbi database, std::string_view key, std::string_view value) {
  MDB_val key_val = to_val(key);
  MDB_val value_val = to_val(value);
  if (const int rc = mdb_put(txn_, database, &key_val, &value_val, 0); rc != 0) return poison(rc);
  return {};
}

Result<void> Performer::remove(MDB_dbi database, std::string_view key) {
  MDB_val key_val = to_val(key);
  if (const int rc = mdb_del(txn_, database, &key_val, nullptr); rc != 0) return poison(rc);
  return {};
}

Result<Freed> Performer::put(const Operation& operation) {
  auto reference = reader_.reference(operation.digest);
  if (!reference) return std::unexpected{std::move(reference).error()};
  if (!*reference && !operation.code && !operation.place) {
    return fail(ErrorCode::kInternal, "the module's code is not there",
                "put of " + operation.id + " without code");
  }
  const bool is_new = !*reference;
  const std::string counted = encode_reference(one_more(operation, *reference));
  if (auto put = put_record(operation); !put) return std::unexpected{std::move(put).error()};
  if (is_new) {
    if (auto put = put_code(operation); !put) return std::unexpected{std::move(put).error()};
  }
  auto put = write(databases_.blob_refs, to_key(operation.digest), counted);
  if (!put) return std::unexpected{std::move(put).error()};
  return Freed{};
}

Result<void> Performer::put_code(const Operation& operation) {
  if (operation.place) {
    return write(databases_.extents, extent_key(*operation.place), encode_extent(*operation.place));
  }
  if (operation.code->size() <= kInlineCode) return {};
  return write(databases_.blobs, to_key(operation.digest), *operation.code);
}

Result<void> Performer::put_record(const Operation& operation) {
  MDB_val key = to_val(operation.id);
  MDB_val value = to_val(operation.record);
  const int rc = mdb_put(txn_, databases_.current, &key, &value, MDB_NOOVERWRITE);
  if (rc == 0) return {};
  if (rc == MDB_KEYEXIST) return supersede(operation, to_view(value));
  return poison(rc);
}

Result<void> Performer::supersede(const Operation& operation, std::string_view old_record) {
  const auto head = decode_record_head(operation.id, old_record);
  if (!head) return std::unexpected{head.error()};
  if (head->revision > operation.revision) {
    const std::string key = revision_key(operation.id, operation.revision);
    return write(databases_.revisions, key, operation.record);
  }
  // LMDB's values move when it writes.
  const std::string copy{old_record};
  if (auto put = write(databases_.revisions, revision_key(operation.id, head->revision), copy);
      !put)
    return put;
  return write(databases_.current, operation.id, operation.record);
}

Result<Freed> Performer::erase(const std::string& id) {
  const auto counts = count_references(id);
  if (!counts) return std::unexpected{counts.error()};
  std::map<Digest, Release> releases;
  for (const auto& [digest, count] : *counts) {
    auto release = plan_release(id, digest, count);
    if (!release) return std::unexpected{std::move(release).error()};
    releases[digest] = *std::move(release);
  }
  if (auto erased = erase_revisions(id); !erased) return std::unexpected{std::move(erased).error()};
  Freed freed;
  for (const auto& [digest, release] : releases) {
    auto released = perform_release(digest, release);
    if (!released) return std::unexpected{std::move(released).error()};
    if (release.record) continue;
    freed.digests.push_back(digest);
    if (release.place) freed.places.push_back(*release.place);
  }
  return freed;
}

// Only reads.
Result<Performer::References> Performer::count_references(const std::string& id) const {
  References counts;
  const auto current = reader_.get(databases_.current, id);
  if (!current) return std::unexpected{current.error()};
  if (!*current) return fail(ErrorCode::kNotFound, "no such module");
  const auto head = decode_record_head(id, **current);
  if (!head) return std::unexpected{head.error()};
  ++counts[head->digest];

  auto cursor = reader_.cursor(databases_.revisions);
  if (!cursor) return std::unexpected{std::move(cursor).error()};
  const std::string prefix = revision_prefix(id);
  MDB_val key = to_val(prefix);
  MDB_val value;
  int rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_SET_RANGE);
  for (; rc == 0 && to_view(key).starts_with(prefix);
       rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_NEXT)) {
    const auto older = decode_record_head(id, to_view(value));
    if (!older) return std::unexpected{older.error()};
    ++counts[older->digest];
  }
  if (rc != 0 && rc != MDB_NOTFOUND) return lmdb_error(rc, "reading");
  return counts;
}

Result<void> Performer::erase_revisions(const std::string& id) {
  if (auto removed = remove(databases_.current, id); !removed) return removed;
  auto cursor = reader_.cursor(databases_.revisions);
  if (!cursor) return std::unexpected{std::move(cursor).error()};
  const std::string prefix = revision_prefix(id);
  for (;;) {
    MDB_val key = to_val(prefix);
    MDB_val value;
    const int rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND || (rc == 0 && !to_view(key).starts_with(prefix))) return {};
    if (rc != 0) return poison(rc);
    if (const int del_rc = mdb_cursor_del(cursor->get(), 0); del_rc != 0) return poison(del_rc);
  }
}

// Only reads.
Result<Performer::Release> Performer::plan_release(const std::string& id, const Digest& digest,
                                                   std::uint64_t count) const {
  auto found = reader_.reference(digest);
  if (!found) return std::unexpected{std::move(found).error()};
  if (!*found || (*found)->count < count) {
    return fail(ErrorCode::kInternal, "a stored record is damaged",
                "blob " + to_hex(digest) + " has fewer references than " + id + " holds");
  }
  BlobReference reference = **found;
  reference.count -= count;
  Release release;
  release.has_blob = !reference.code && !reference.place;
  release.place = reference.place;
  if (reference.count > 0) release.record = encode_reference(reference);
  return release;
}

Result<void> Performer::perform_release(const Digest& digest, const Release& release) {
  if (release.record) return write(databases_.blob_refs, to_key(digest), *release.record);
  if (auto removed = remove(databases_.blob_refs, to_key(digest)); !removed) return removed;
  if (release.place) return remove(databases_.extents, extent_key(*release.place));
  if (!release.has_blob) return {};
  return remove(databases_.blobs, to_key(digest));
}

}  // namespace

Result<Freed> perform(const LmdbEnv& env, MDB_txn* txn, const Operation& operation,
                      bool& poisoned) {
  poisoned = false;
  Performer performer{env, txn, poisoned};
  return operation.kind == Operation::Kind::kPut ? performer.put(operation)
                                                 : performer.erase(operation.id);
}

}  // namespace wasm_server
