#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace wasm_server {

// The directory of a database before RocksDB opens it. Errors are kInternal with a line for the
// operator.

// Makes the directory of a new database, unless there is one. What a crash left unfinished was
// never used, and is removed.
Result<bool> begin_creation(const std::filesystem::path& database);
// The new database is whole, and durable.
Result<void> end_creation(const std::filesystem::path& database);

// Whether what names the parts of a database is there, and is its own: RocksDB would make a new
// database where CURRENT is missing, and remove the tables that a foreign manifest does not name.
Result<void> check_complete(const std::filesystem::path& database);

// The name that a database got when it was made. Empty when there is none.
std::string read_identity(const std::filesystem::path& database);

}  // namespace wasm_server
