#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/blobs/blob_store.h"
#include "store/kv.h"

namespace wasm_server {

// The writes of one batch, in memory until Store::commit(). It reads as if they were done. Dropped
// without a commit, nothing happened. What one job wrote can be taken back, so that a job that
// fails leaves the others of its batch. Belongs to the thread that began it.
class Batch final : public Reader {
 public:
  // On top of `stored`, which is borrowed, as `blobs` and `health` are.
  Batch(const Store& stored, BlobStore& blobs, CodeHealth& health, const Store::Usage& usage)
      : stored_(stored),
        blobs_(blobs),
        health_(health),
        bytes_(usage.bytes),
        max_bytes_(usage.max_bytes) {}
  ~Batch() override;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  Result<bool> get(Table table, std::string_view key, std::string& value) const override;

  CodeHealth& code_health() const { return health_; }
  // As they are without the batch.
  const Store& stored() const { return stored_; }
  const BlobStore& blobs() const { return blobs_; }

  // What stands there is not needed, nor has it to be readable: then it counts as if it were empty.
  // kStorageFull when it would be more than may be stored: nothing changed then.
  Result<void> put(Table table, std::string_view key, std::string_view value);
  // Nothing happens when there is no such key.
  Result<void> erase(Table table, std::string_view key);

  // Into the blob file: durable with the commit. kStorageFull as for put().
  Result<Blob> add_blob(ByteView bytes);
  // Of one that nobody will find after the commit.
  Result<void> release_blob(const Extent& extent);

  // rollback() takes back all that came after mark(), blobs too.
  struct Mark {
    std::size_t changes;
    std::size_t added;
    std::size_t released;
    std::uint64_t bytes;
  };
  Mark mark() const { return {changes_.size(), blobs_.added(), released_.size(), bytes_}; }
  void rollback(const Mark& mark);

  // The entry of a log that the batch is for. Its number must be greater than Store::applied().
  void set_entry(Entry entry) { entry_ = std::move(entry); }

  // --- For the store that commits it.

  bool empty() const { return changes_.empty() && !entry_; }
  const std::optional<Entry>& entry() const { return entry_; }
  // Calls `write(table, key, value)` for each key that is written, once; `value` is null when it is
  // erased.
  template <class Write>
  void for_each(Write write) const {
    for (const Change& change : changes_) {
      const auto& [key, entry] = *change.at;
      if (!change.before_written)
        write(key.table, key.bytes, entry.value ? &*entry.value : nullptr);
    }
  }
  std::uint64_t bytes() const { return bytes_; }  // that will be stored
  // It is committed: its blobs are kept, and those that it released are free.
  void done();

 private:
  struct Key {
    Table table;
    std::string bytes;
  };
  struct KeyView {
    Table table;
    std::string_view bytes;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const KeyView& key) const;
    std::size_t operator()(const Key& key) const { return (*this)(KeyView{key.table, key.bytes}); }
  };
  struct Equal {
    using is_transparent = void;
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const {
      return left.table == right.table && std::string_view{left.bytes} == right.bytes;
    }
  };
  // What is known of a key: the size of what is stored, and what the batch writes instead.
  struct Known {
    std::optional<std::size_t> stored{};
    bool written = false;
    std::optional<std::string> value{};  // when written; empty: erased
  };
  using Entries = std::unordered_map<Key, Known, Hash, Equal>;
  struct Change {
    Entries::value_type* at;
    bool before_written;
    std::optional<std::string> before;
  };

  Entries::value_type* look_up(Table table, std::string_view key) const;
  Result<void> change(Table table, std::string_view key, std::optional<std::string_view> value);
  Result<void> resize(std::uint64_t less, std::uint64_t more);

  const Store& stored_;
  BlobStore& blobs_;
  CodeHealth& health_;
  std::uint64_t bytes_;
  const std::uint64_t max_bytes_;
  mutable Entries entries_;
  std::vector<Change> changes_;  // in their order
  std::vector<Extent> released_;
  std::optional<Entry> entry_;
  bool done_ = false;
};

}  // namespace wasm_server
