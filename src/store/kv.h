#pragma once

// The database as tables of keys and values, of which it knows no more: what a record means is for
// the repositories above it (store/module_repository.h).
//
// To add a kind of record: a Table here and its name in kv.cc, its bytes in a file of its own
// (store/module_record.h is a model), and a repository.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/code_health.h"
#include "store/store_figures.h"

namespace wasm_server {

class Batch;
class BlobStore;

// Each is a column family of its own. The names in kv.cc are on disk: a table keeps its name.
enum class Table : std::uint8_t {
  kState,       // of the database itself
  kModules,     // id -> record of the current revision
  kRevisions,   // id, 0, number -> record of a superseded revision
  kReferences,  // digest -> how many revisions have this code, and where it is
  kCode,        // digest -> code that is neither in its reference nor in the blob file
  kExtents,     // offset -> what lies there in the blob file
  kTokens,      // id -> access token
  kSecrets,     // name -> secret for guests, sealed
};
inline constexpr std::size_t kTables = 8;
using TableNames = std::array<const char*, kTables>;
const TableNames& table_names();

// From which records can be read: what was committed last, what was committed at some moment, or
// what a batch would leave.
class Reader {
 public:
  virtual ~Reader() = default;

  // False when there is no such key. `value` is replaced when there is.
  virtual Result<bool> get(Table table, std::string_view key, std::string& value) const = 0;
};

// Goes through a table in the order of its keys, as it was when the cursor was made. Belongs to one
// thread, for a short time: what it sees is kept on disk.
class Cursor {
 public:
  virtual ~Cursor() = default;

  // False at the end, and after an error, which status() then gives. Key and value are valid until
  // next().
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void next() = 0;
  virtual Result<void> status() const = 0;
  // After an error: goes on behind what cannot be read, as far as it can be told where that ends.
  // Then status() is good again, or nothing of the rest can be read.
  virtual void skip_damage() = 0;
};

// All tables as they were at one moment, whatever is committed later. Safe from any thread. While
// it is kept, superseded records stay on disk. Blobs that it finds stay only as long as a
// BlobStore::Pin that was taken before it.
class Snapshot : public Reader {
 public:
  // As Store::scan().
  virtual std::unique_ptr<Cursor> scan(Table table, std::string_view from) const = 0;
  // That were stored then (Store::Usage).
  virtual Result<std::uint64_t> bytes() const = 0;
};

// One of a log of changes, as it comes with the batch that does what it says.
struct Entry {
  std::uint64_t number = 0;  // upwards from 1, perhaps with gaps
  std::string bytes;         // may be empty: then it is kept elsewhere
};

// Reading is safe from any thread. Writes go through one Batch at a time, begun and committed on
// one thread, the runner's.
class Store : public Reader {
 public:
  // All of it as it is now.
  virtual std::unique_ptr<Snapshot> snapshot() const = 0;
  // From the first key that is not less than `from`.
  virtual std::unique_ptr<Cursor> scan(Table table, std::string_view from) const = 0;

  // Large values, in a file of their own. Written through a batch.
  virtual BlobStore& blobs() = 0;
  virtual const BlobStore& blobs() const = 0;

  // What reading has found of code; writing mends it.
  CodeHealth& code_health() const { return code_health_; }

  // Fails with kInternal after a commit that failed().
  Result<std::unique_ptr<Batch>> begin();
  // Durable, and seen by readers, when it returns success. After a failure nothing of the batch is
  // stored, and the store takes no more writes if it cannot know what is on disk. kStorageFull: a
  // smaller batch may fit.
  virtual Result<void> commit(Batch& batch) = 0;

  // Whether a commit failed such that it is not known what is on disk: no more writes are taken
  // then. Safe from any thread, as all below.
  virtual bool failed() const = 0;

  // Number of the last batch that was committed; it is on disk with it. As long as it stays, what
  // was read is still current: it is increased before commit() returns.
  virtual std::uint64_t sequence() const = 0;

  // Number of the last entry whose batch was committed; it is on disk with that batch. 0: none.
  virtual std::uint64_t applied() const = 0;
  // The entries from number `from` on that came with batches, in their order, until `visit` returns
  // false. They are kept until what they did is in tables. kNotFound when some are gone.
  using VisitEntry = std::function<Result<bool>(std::uint64_t number, std::string_view bytes)>;
  virtual Result<void> read_entries(std::uint64_t from, const VisitEntry& visit) const = 0;

  // For begin(), and failing as that does.
  struct Usage {
    std::uint64_t bytes;      // that are stored: of keys, values and blobs
    std::uint64_t max_bytes;  // that may be
  };
  virtual Result<Usage> usage() const = 0;

  // Safe from any thread; takes some milliseconds at most.
  virtual StoreFigures figures() const = 0;

  // Rewrites every table without what was superseded or erased, and gives the free space of the
  // blob file back to the file system. Takes as long as reading and writing all records. For the
  // thread that writes.
  virtual Result<void> compact() = 0;

 private:
  mutable CodeHealth code_health_;
};

}  // namespace wasm_server
