#include "store/batch.h"

#include <functional>
#include <utility>

#include "store/extent_record.h"

namespace wasm_server {

std::size_t Batch::Hash::operator()(const KeyView& key) const {
  return std::hash<std::string_view>{}(key.bytes) + std::to_underlying(key.table);
}

Batch::~Batch() {
  if (!done_) blobs_.drop();
}

void Batch::done() {
  done_ = true;
  blobs_.keep();
  blobs_.release(released_);
}

Result<bool> Batch::get(Table table, std::string_view key, std::string& value) const {
  const auto found = entries_.find(KeyView{table, key});
  if (found != entries_.end()) {
    const Known& entry = found->second;
    if (entry.written && entry.value) value = *entry.value;
    if (entry.written) return entry.value.has_value();
    if (!entry.stored) return false;
    return stored_.get(table, key, value);
  }
  TRY_ASSIGN(const bool there, stored_.get(table, key, value));
  Known entry;
  if (there) entry.stored = value.size();
  entries_.emplace(Key{table, std::string{key}}, std::move(entry));
  return there;
}

// Reads what is stored unless it has been read before. What is damaged can be replaced.
auto Batch::look_up(Table table, std::string_view key) const -> Entries::value_type* {
  auto found = entries_.find(KeyView{table, key});
  if (found != entries_.end()) return &*found;
  std::string value;
  if (get(table, key, value)) return &*entries_.find(KeyView{table, key});
  return &*entries_.emplace(Key{table, std::string{key}}, Known{.stored = 0}).first;
}

Result<void> Batch::put(Table table, std::string_view key, std::string_view value) {
  return change(table, key, value);
}

Result<void> Batch::erase(Table table, std::string_view key) {
  return change(table, key, std::nullopt);
}

Result<void> Batch::change(Table table, std::string_view key,
                           std::optional<std::string_view> value) {
  auto* const at = look_up(table, key);
  Known& entry = at->second;
  const std::optional<std::size_t> before =
      !entry.written ? entry.stored
                     : entry.value.transform([](const std::string& old) { return old.size(); });
  if (!before && !value) return {};
  TRY(resize(before ? key.size() + *before : 0, value ? key.size() + value->size() : 0));
  changes_.push_back({at, entry.written, std::move(entry.value)});
  entry.written = true;
  entry.value = value;
  return {};
}

// Deletes are always taken: they are what makes room again.
Result<void> Batch::resize(std::uint64_t less, std::uint64_t more) {
  const std::uint64_t bytes = bytes_ - less + more;
  if (more > less && bytes > max_bytes_) {
    return fail(ErrorCode::kStorageFull, "the storage is full; nothing was stored",
                "store: " + std::to_string(bytes) + " bytes are more than the limit of " +
                    std::to_string(max_bytes_));
  }
  bytes_ = bytes;
  return {};
}

Result<Blob> Batch::add_blob(ByteView bytes) {
  const Mark before = mark();
  TRY(resize(0, BlobStore::whole_blocks(bytes.size())));
  auto added = blobs_.add(bytes);
  Result<void> listed;
  if (added) listed = put(Table::kExtents, extent_key(added->extent), encode_extent(added->extent));
  if (added && listed) return added;
  rollback(before);
  return std::unexpected{added ? std::move(listed).error() : std::move(added).error()};
}

Result<void> Batch::release_blob(const Extent& extent) {
  TRY(erase(Table::kExtents, extent_key(extent)));
  released_.push_back(extent);
  bytes_ -= BlobStore::whole_blocks(extent.size);
  return {};
}

void Batch::rollback(const Mark& mark) {
  for (; changes_.size() > mark.changes; changes_.pop_back()) {
    Change& last = changes_.back();
    last.at->second.written = last.before_written;
    last.at->second.value = std::move(last.before);
  }
  blobs_.drop(mark.added);
  released_.resize(mark.released);
  bytes_ = mark.bytes;
}

}  // namespace wasm_server
