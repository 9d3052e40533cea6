#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace wasm_server {

// What every file of a database is marked with, so that none of another database is taken for one
// of it. Clients, whose bytes are in these files as well, do not know it.
using DatabaseMark = std::string;
inline constexpr std::size_t kMarkSize = 16;
DatabaseMark make_database_mark(std::string_view database_identity);

// Which files the write-ahead log consists of and how long each is at least, in a file beside them,
// WALS. RocksDB keeps such a list of those that it writes no more; yet without the newest one, or
// with less of it, its database looks like one to which less was written. One that was closed is
// complete: then damage at its end is not taken for a batch that a loss of power has torn.
// The file has two blocks, written in turn, so that a crash leaves one as it was. A list that could
// not be written is not used again. Safe from any thread.
class WalList {
 public:
  static constexpr const char* kName = "WALS";

  static Result<std::unique_ptr<WalList>> create(const std::filesystem::path& database,
                                                 const DatabaseMark& mark);
  // kInternal, with a line for the operator, when it is not there, is damaged, or is another
  // database's.
  static Result<std::unique_ptr<WalList>> open(const std::filesystem::path& database,
                                               const DatabaseMark& mark);

  // Whether all are there, and have their length. kInternal with a line for the operator.
  Result<void> check(const std::filesystem::path& database) const;

  // On disk when it returns 0; else the system's error. A file is there, and as long, before it is
  // listed so; it is listed shorter, or not at all, before it is so.
  enum class Is : bool { kWritten, kComplete };
  int set(std::uint64_t number, std::uint64_t size, Is is = Is::kWritten);
  // The length up to which it holds batches, each of them answered; empty when that is not known.
  std::optional<std::uint64_t> complete_size(std::uint64_t number) const;
  int remove(std::uint64_t number);

 private:
  WalList(Descriptor file, DatabaseMark mark) : file_(std::move(file)), mark_(std::move(mark)) {}
  struct Listed {
    std::uint64_t size = 0;
    Is is = Is::kWritten;
  };
  bool read(std::string_view block);
  int write();

  mutable std::mutex mutex_;
  const Descriptor file_;
  const DatabaseMark mark_;
  std::uint64_t generation_ = 0;           // guarded by mutex_: of what is on disk
  std::map<std::uint64_t, Listed> files_;  // guarded by mutex_: by number
};

}  // namespace wasm_server
