#include "store/lmdb_reader.h"

#include <utility>

#include "store/page_builder.h"

namespace wasm_server {
namespace {

constexpr std::string_view kReading = "reading";

template <class T>
std::unexpected<Error> forward(Result<T>& failed) {
  return std::unexpected{std::move(failed).error()};
}

// Without `T`'s empty state: a record that was found, decoded.
Result<std::optional<WasmMetaData>> decode_found(std::string_view id, std::string_view record) {
  auto meta_data = decode_record(id, record);
  if (!meta_data) return forward(meta_data);
  return std::optional{std::move(*meta_data)};
}

}  // namespace

Result<std::optional<std::string_view>> LmdbReader::get(MDB_dbi database,
                                                        std::string_view key) const {
  MDB_val key_val = to_val(key);
  MDB_val value;
  const int rc = mdb_get(txn_, database, &key_val, &value);
  // No key has a length that LMDB refuses.
  if (rc == MDB_NOTFOUND || rc == MDB_BAD_VALSIZE) return std::nullopt;
  if (rc != 0) return lmdb_error(rc, kReading);
  return to_view(value);
}

Result<Cursor> LmdbReader::cursor(MDB_dbi database) const {
  MDB_cursor* cursor = nullptr;
  if (const int rc = mdb_cursor_open(txn_, database, &cursor); rc != 0)
    return lmdb_error(rc, kReading);
  return Cursor{cursor};
}

Result<std::optional<WasmMetaData>> LmdbReader::find(std::string_view id) const {
  const auto record = get(databases_.current, id);
  if (!record) return std::unexpected{record.error()};
  if (!*record) return std::nullopt;
  return decode_found(id, **record);
}

Result<std::optional<WasmMetaData>> LmdbReader::find_revision(std::string_view id,
                                                              std::uint64_t revision) const {
  auto record = get(databases_.current, id);
  if (!record) return forward(record);
  if (!*record) return std::nullopt;
  const auto head = decode_record_head(id, **record);
  if (!head) return std::unexpected{head.error()};
  if (head->revision == revision) return decode_found(id, **record);
  record = get(databases_.revisions, revision_key(id, revision));
  if (!record) return forward(record);
  if (!*record) return std::nullopt;
  return decode_found(id, **record);
}

Result<std::vector<WasmMetaData>> LmdbReader::revisions(std::string_view id) const {
  std::vector<WasmMetaData> found;
  auto current = find(id);
  if (!current) return forward(current);
  if (!*current) return found;
  found.push_back(std::move(**current));

  auto cursor = this->cursor(databases_.revisions);
  if (!cursor) return forward(cursor);
  // Behind an id's revisions, whose numbers are less than the current one's, stands another id or
  // nothing.
  const std::string prefix = revision_prefix(id);
  const std::string end = revision_key(id, found.front().revision);
  MDB_val key = to_val(end);
  MDB_val value;
  int rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_SET_RANGE);
  rc = mdb_cursor_get(cursor->get(), &key, &value, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
  for (; rc == 0 && to_view(key).starts_with(prefix);
       rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_PREV)) {
    auto record = decode_record(id, to_view(value));
    if (!record) return forward(record);
    found.push_back(std::move(*record));
  }
  if (rc != 0 && rc != MDB_NOTFOUND) return lmdb_error(rc, kReading);
  return found;
}

Result<ListPage> LmdbReader::list(const ListQuery& query, const RecentModules::View* recent) const {
  auto cursor = this->cursor(databases_.current);
  if (!cursor) return forward(cursor);
  PageBuilder page{query};
  const std::string first = page.first_key();
  SharedOperation next_recent = recent != nullptr ? recent->next(first) : nullptr;
  MDB_val key = to_val(first);
  MDB_val value;
  int rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_SET_RANGE);
  for (;;) {
    const bool has_stored = rc == 0 && page.in_range(to_view(key));
    const bool has_recent = next_recent && page.in_range(next_recent->id);
    if (!has_stored && !has_recent) break;
    // What is in both has come to the database since, and is newer there.
    const bool take_stored = has_stored && (!has_recent || to_view(key) <= next_recent->id);
    const std::string id{take_stored ? to_view(key) : std::string_view{next_recent->id}};
    auto record = decode_record(id, take_stored ? to_view(value) : next_recent->record);
    if (!record) return forward(record);
    if (!page.offer(std::move(*record))) break;
    if (has_recent && next_recent->id == id) next_recent = recent->next(id + '\0');
    if (take_stored) rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_NEXT);
  }
  if (rc != 0 && rc != MDB_NOTFOUND) return lmdb_error(rc, kReading);
  return page.take();
}

Result<std::vector<CodePlace>> LmdbReader::extents() const {
  auto cursor = this->cursor(databases_.extents);
  if (!cursor) return forward(cursor);
  std::vector<CodePlace> found;
  MDB_val key;
  MDB_val value;
  int rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_FIRST);
  for (; rc == 0; rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_NEXT)) {
    const auto place = decode_extent(to_view(key), to_view(value));
    if (!place) return std::unexpected{place.error()};
    found.push_back(*place);
  }
  if (rc != MDB_NOTFOUND) return lmdb_error(rc, kReading);
  return found;
}

Result<std::optional<BlobReference>> LmdbReader::reference(const Digest& digest) const {
  const auto record = get(databases_.blob_refs, to_key(digest));
  if (!record) return std::unexpected{record.error()};
  if (!*record) return std::nullopt;
  auto reference = decode_reference(digest, **record);
  if (!reference) return forward(reference);
  return std::optional{*reference};
}

}  // namespace wasm_server
