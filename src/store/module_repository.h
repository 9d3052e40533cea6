#pragma once

// Stored modules, as the rest of the server sees them.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "model/quota.h"
#include "model/wasm_storage.h"
#include "store/batch.h"
#include "store/kv.h"
#include "store/module_record.h"

namespace wasm_server {

struct ListQuery {
  std::size_t limit = 100;  // 1-1000
  std::string after{};      // ids greater than this
  std::string prefix{};
  std::vector<std::pair<std::string, std::string>> labels{};  // all of them
  std::optional<ModuleKind> kind{};
};

// Modules that a list cannot show, because their records are damaged: those between two ids that it
// can, or none of them at an end; or the one in `id`.
struct Unreadable {
  std::optional<std::string> id{};
  std::optional<std::string> after{};
  std::optional<std::string> before{};

  friend bool operator==(const Unreadable&, const Unreadable&) = default;
};

struct ListPage {
  std::vector<WasmMetaData> items;  // by id; a page of many bytes has fewer than there are
  std::optional<std::string> next;  // the `after` of the next page, when there is one
  std::vector<Unreadable> damaged;  // within the range of the page, whatever the filter
  bool paused = false;  // by the scan's bound: nobody knows yet whether there is more behind `next`
};

// How much of the records one call may look at: it takes about a millisecond for 200 KB, whatever
// passes the filter.
struct ListScan {
  std::size_t bytes = 64U << 20;
  bool at_least_one = true;  // record, however large
};

// Reads what is committed. Safe from any thread.
class ModuleRepository {
 public:
  // `store` must outlive this.
  explicit ModuleRepository(const Store& store) : store_(store) {}

  // The current revision.
  Result<std::optional<WasmMetaData>> find(std::string_view id) const;
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) const;
  // Goes on behind what is damaged, and says so in the page and in the log.
  Result<ListPage> list(const ListQuery& query, const ListScan& scan = {}) const;

  Result<bool> has_code(const Digest& digest) const;
  // Verified, as all code that is read: kInternal when the disk has damaged it, with a log text
  // that names the digest. Storing the same code again, under any id, then mends it. Empty when
  // there is no such code.
  Result<std::optional<Bytes>> read_code(const Digest& digest) const;
  // Replaces `out` by at most `length` bytes from `offset` on. False when the code is gone.
  Result<bool> read_code_slice(const Digest& digest, std::uint64_t offset, std::size_t length,
                               Bytes& out) const;

  // As those of the store.
  std::uint64_t sequence() const { return store_.sequence(); }
  bool failed() const { return store_.failed(); }

 private:
  Result<void> copy_code(const Digest& digest, const CodeReference& reference, std::uint64_t offset,
                         std::size_t length, Bytes& out) const;

  const Store& store_;
};

// The modules as a batch would leave them. Belongs to the batch's thread. An operation that fails
// may leave a part of it in the batch: its caller rolls back.
class ModuleBatch {
 public:
  explicit ModuleBatch(Batch& batch) : batch_(batch) {}

  Result<std::optional<WasmMetaData>> find(std::string_view id) const;
  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) const;

  // What an operation did: the code that nobody refers to any more, which is gone (a later put may
  // bring it back), and what is stored of the module more than before.
  struct Change {
    std::vector<Digest> freed{};
    StoredAmount stored{};
  };

  // Makes `meta_data` the current revision of its id; the one before, if any, stays as an older
  // one. `code` must be given unless code of that digest is there. Takes one reference to it.
  Result<Change> put(const WasmMetaData& meta_data, const SharedBytes& code);
  // Removes the oldest revisions of a module that is there, until so many are left; at least the
  // current one stays.
  Result<Change> keep_newest(std::string_view id, std::uint64_t revisions);
  // Removes all revisions. kNotFound when there is no such module.
  Result<Change> erase(std::string_view id);
  // The same for one whose record cannot be read: its code stays, because nobody knows which that
  // was; `wasm-server check --repair` finds it. Nor is it known what was stored of it.
  Result<Change> erase_damaged(std::string_view id);

 private:
  using Counts = std::map<Digest, std::uint64_t>;
  Result<std::uint64_t> oldest_stored(std::string_view id) const;
  Result<StoredAmount> erase_older(std::string_view id, RecordHead younger, std::uint64_t from,
                                   Counts& counts);
  Result<std::vector<Digest>> drop_all(std::string_view id, const Counts& counts);

  Result<void> add_reference(const Digest& digest, const SharedBytes& code);
  bool is_readable(const Digest& digest, const CodeReference& reference, const Bytes& code);
  Result<CodeReference> mend_reference(const Digest& digest, const Bytes& code);
  Result<void> mend_code(const Digest& digest, CodeReference& reference, const Bytes& code);
  Result<CodeReference> store_code(const Digest& digest, const Bytes& code);
  Result<bool> drop_references(std::string_view id, const Digest& digest, std::uint64_t count);
  Result<void> drop_code(const Digest& digest, const CodeReference& reference);

  Batch& batch_;
};

}  // namespace wasm_server
