#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/kv.h"

namespace wasm_server {

// Makes the store of a data directory whole again, as far as it can be: see mend_store(). Where a
// part of a table cannot be read at all, or the list of what the blob file holds, a new store is
// written with all that can be read, which takes as much space again, and the former files are kept
// in the directory (store/backup/staged_store.h). No server may run on it. After a crash it may be
// done again.
struct RepairReport {
  std::vector<std::string> damage;   // what was found, a line each
  std::vector<std::string> changes;  // what was done about it, a line each
  std::vector<std::string> remains;  // what is damaged after it: should be nothing
};

// An error's message is one line for the operator: nothing was repaired then.
Result<RepairReport> repair_store(const std::filesystem::path& directory);

// Reads all of a backup's or a store's records into a new one, and mends what does not fit.
class BackupSource;
Result<std::vector<std::string>> copy_store(const BackupSource& source, Store& to);

}  // namespace wasm_server
