#include "store/lmdb_reader.h"

#include <utility>

#include "store/byte_codec.h"
#include "store/lmdb_format.h"
#include "store/page_builder.h"

namespace wasm_server {
namespace {

constexpr std::string_view kReading = "reading";

template <class T>
std::unexpected<Error> forward(Result<T>& failed) {
  return std::unexpected{std::move(failed).error()};
}

template <class T>
std::unexpected<Error> forward(const Result<T>& failed) {
  return std::unexpected{failed.error()};
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

Result<std::vector<WasmMetaData>> LmdbReader::revisions(std::string_view id,
                                                        const RecentModules::View* recent) const {
  std::vector<WasmMetaData> found;
  const auto take = [&](std::string_view record) -> Result<void> {
    auto meta_data = decode_record(id, record);
    if (!meta_data) return forward(meta_data);
    // What is recent may have come to the database since.
    if (found.empty() || meta_data->revision < found.back().revision)
      found.push_back(std::move(*meta_data));
    return {};
  };
  if (recent != nullptr) {
    for (const SharedOperation& module : recent->revisions(id)) {
      if (auto taken = take(module->record); !taken) return forward(taken);
    }
  }
  const auto current = get(databases_.current, id);
  if (!current) return forward(current);
  if (!*current) return found;
  const auto head = decode_record_head(id, **current);
  if (!head) return forward(head);
  if (auto taken = take(**current); !taken) return forward(taken);

  auto cursor = this->cursor(databases_.revisions);
  if (!cursor) return forward(cursor);
  // Behind an id's revisions, whose numbers are less than the current one's, stands another id or
  // nothing.
  const std::string prefix = revision_prefix(id);
  const std::string end = revision_key(id, head->revision);
  MDB_val key = to_val(end);
  MDB_val value;
  int rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_SET_RANGE);
  rc = mdb_cursor_get(cursor->get(), &key, &value, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
  for (; rc == 0 && to_view(key).starts_with(prefix);
       rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_PREV)) {
    if (auto taken = take(to_view(value)); !taken) return forward(taken);
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
    // What is in both is as new in the database at most.
    const bool take_recent = has_recent && (!has_stored || next_recent->id <= to_view(key));
    const std::string id{take_recent ? std::string_view{next_recent->id} : to_view(key)};
    const std::string_view bytes = take_recent ? next_recent->record : to_view(value);
    auto record = decode_record(id, bytes);
    if (!record) return forward(record);
    if (!page.offer(std::move(*record), bytes.size())) break;
    if (has_stored && to_view(key) == id)
      rc = mdb_cursor_get(cursor->get(), &key, &value, MDB_NEXT);
    if (take_recent) next_recent = recent->next(id + '\0');
  }
  if (rc != 0 && rc != MDB_NOTFOUND) return lmdb_error(rc, kReading);
  return page.take();
}

Result<std::uint64_t> LmdbReader::number() const {
  const auto bytes = get(databases_.settings, kSequenceKey);
  if (!bytes) return forward(bytes);
  return *bytes ? ByteReader{**bytes}.u64() : 0;
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
