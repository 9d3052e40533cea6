#pragma once

// What the LMDB store stands on: the environment with its sub-databases, the code file, read
// transactions and errors. Included in the store's own sources only.

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmdb.h>

#include "base/result.h"
#include "store/code_file.h"
#include "store/file_room.h"
#include "store/lmdb_settings.h"

namespace wasm_server {

struct Databases {
  MDB_dbi current = 0;
  MDB_dbi revisions = 0;
  MDB_dbi blobs = 0;
  MDB_dbi blob_refs = 0;
  MDB_dbi extents = 0;
  MDB_dbi settings = 0;
};

inline MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
inline std::string_view to_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// As disk_error(), for what LMDB returns.
std::unexpected<Error> lmdb_error(int rc, std::string_view doing);

// Safe from any thread, except that a process may have one of them for a directory.
class LmdbEnv {
 public:
  // Opens or creates the database in `directory`, which exists and is locked by this process.
  static Result<std::unique_ptr<LmdbEnv>> open(const std::filesystem::path& directory,
                                               const LmdbSettings& settings);
  ~LmdbEnv();
  LmdbEnv(const LmdbEnv&) = delete;
  LmdbEnv& operator=(const LmdbEnv&) = delete;

  // A read transaction that is given back when this goes out of scope. Never keep one over a wait:
  // it holds back the reuse of every page that is freed meanwhile.
  class Reading {
   public:
    Reading(Reading&& other) noexcept;
    Reading& operator=(Reading&&) = delete;
    ~Reading();

    MDB_txn* txn() const;

   private:
    friend class LmdbEnv;
    struct Slot;
    explicit Reading(Slot* slot) : slot_(slot) {}

    Slot* slot_;
  };

  Result<Reading> read();

  MDB_env* get() const { return env_; }
  const Databases& databases() const { return databases_; }
  // What the trees may have: the code file has the rest.
  std::uint64_t quota_pages() const;
  std::uint64_t page_size() const { return page_size_; }
  // Of the database's file. For the writing thread.
  FileRoom& room() { return *room_; }
  CodeFile& code_file() { return *code_file_; }
  const CodeFile& code_file() const { return *code_file_; }

 private:
  explicit LmdbEnv(const LmdbSettings& settings);
  Result<void> open_environment(const std::filesystem::path& directory);
  Result<void> open_databases();

  const LmdbSettings settings_;
  MDB_env* env_ = nullptr;
  Databases databases_;
  std::uint64_t page_size_ = 0;
  std::optional<FileRoom> room_;  // this and below: there once the environment is open
  std::unique_ptr<CodeFile> code_file_;
  std::vector<Reading::Slot> slots_;
};

}  // namespace wasm_server
