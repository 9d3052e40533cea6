#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/kv.h"

namespace wasm_server {

// A store that is made within a data directory, and takes its place there when it is whole:
//
//   DIR/staging    while it is written: nothing yet
//   DIR/staged     it is whole. Its files take their places in DIR one after the other; until all
//                  of them are there, no server opens what is in DIR, and install_staged() goes on
//   DIR/damaged-N  the files of the store that was there before
//
// Who does any of this holds the lock of DIR (DataDirectory), but not a store in it.
class StagedStore {
 public:
  // Removes what an earlier attempt left. An error's message is one line for the operator, as all
  // below.
  static Result<StagedStore> make(const std::filesystem::path& directory);
  StagedStore(StagedStore&&) = default;
  StagedStore& operator=(StagedStore&&) = delete;
  // Removes it unless it is finished.
  ~StagedStore();

  Store& store() const { return *store_; }
  // Closes it, durably: it is whole. Then it is for install_staged().
  Result<void> finish();

 private:
  StagedStore(std::filesystem::path directory, std::unique_ptr<Store> store)
      : directory_(std::move(directory)), store_(std::move(store)) {}

  std::filesystem::path directory_;
  std::unique_ptr<Store> store_;
};

// Whether a store in DIR/staged waits to take its place.
bool has_staged(const std::filesystem::path& directory);
// Puts it there. What the former store was moved to, relative to DIR; empty if there was none.
Result<std::string> install_staged(const std::filesystem::path& directory);

// Whether DIR has a store, or a part of one.
bool has_store(const std::filesystem::path& directory);

}  // namespace wasm_server
