#pragma once

#include <filesystem>

#include "base/result.h"

namespace wasm_server {

// A data directory that this process, and no other, may use: holds an exclusive lock on the file
// `wasm-server.lock` in it, which names the holder's process id. The kernel takes the lock back
// when the process ends, however it ends.
class DataDirectory {
 public:
  // Makes the directory (mode 0700) when it is not there, durably. An error's message is one line
  // for the operator.
  static Result<DataDirectory> acquire(const std::filesystem::path& path);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();

  // Makes files that were added to the directory survive a loss of power.
  Result<void> sync() const;

 private:
  DataDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::filesystem::path path_;
  int lock_;  // file descriptor
};

}  // namespace wasm_server
