#pragma once

// The database as the rest of the server sees it. Reads are safe from any thread and see what was
// committed before they began. Writes go through one Transaction at a time, begun and ended on one
// thread, the runner's.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "store/wasm_storage.h"

namespace wasm_server {

struct ListQuery {
  std::size_t limit = 100;  // 1-1000
  std::string after{};      // ids greater than this
  std::string prefix{};
  std::vector<std::pair<std::string, std::string>> labels{};  // all of them
  std::optional<ModuleKind> kind{};
};

struct ListPage {
  std::vector<WasmMetaData> items;  // by id; a page of many bytes has fewer than there are
  std::optional<std::string> next;  // the `after` of the next page, when there is one
};

class Store {
 public:
  // Writes of one batch. Dropped without commit(): nothing happened. A failed operation leaves the
  // transaction usable and without that operation's effects, so that one bad job fails alone.
  class Transaction {
   public:
    virtual ~Transaction() = default;

    // The current revision, as this transaction left it.
    virtual Result<std::optional<WasmMetaData>> find(std::string_view id) = 0;
    virtual Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                              std::uint64_t revision) = 0;

    // Makes `meta_data` the current revision of its id; the one before, if any, stays as an older
    // one. `code` must be given unless the blob of `meta_data.digest` is there. Takes one reference
    // to the blob.
    virtual Result<void> put(const WasmMetaData& meta_data, const SharedBytes& code) = 0;

    // Removes all revisions and frees the blobs that nobody else refers to, whose digests it
    // returns. A later put of the same transaction may bring one back.
    virtual Result<std::vector<Digest>> erase(std::string_view id) = 0;

    // Durable when it returns success. After a failure nothing of the batch is stored, and the
    // store refuses further writes if it cannot know what is on disk.
    virtual Result<void> commit() = 0;
  };

  virtual ~Store() = default;

  virtual Result<std::optional<WasmMetaData>> find(std::string_view id) = 0;
  virtual Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                            std::uint64_t revision) = 0;
  virtual Result<std::vector<WasmMetaData>> revisions(std::string_view id) = 0;  // newest first
  virtual Result<ListPage> list(const ListQuery& query) = 0;

  virtual Result<bool> has_blob(const Digest& digest) = 0;
  // The code, verified against its digest when `verify`. Empty when there is no such blob.
  virtual Result<std::optional<Bytes>> read_blob(const Digest& digest, bool verify) = 0;
  // Copies at most `length` bytes from `offset` on to `out` (replaced). Holds no transaction
  // between calls. False when the blob is gone.
  virtual Result<bool> read_blob_slice(const Digest& digest, std::uint64_t offset,
                                       std::size_t length, Bytes& out) = 0;

  // Fails with kStorageFull or kInternal.
  virtual Result<std::unique_ptr<Transaction>> begin() = 0;

  // Whether a commit failed such that it is not known what is on disk: no more writes are taken
  // then.
  virtual bool failed() const = 0;

  // Number of commits since the store was opened: as long as it stays, what was read is still
  // current. Increased before commit() returns.
  virtual std::uint64_t sequence() const = 0;

  // 32 random bytes, made once for this database; they authenticate files that the server keeps
  // beside it.
  virtual const std::string& secret() const = 0;
};

}  // namespace wasm_server
