#pragma once

#include <string>

#include "base/result.h"
#include "store/lmdb_env.h"

namespace wasm_server {

inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kSequenceKey = "sequence";
inline constexpr std::string_view kSecretKey = "secret";

// Writes the settings of a new database; checks those of one that is there: a newer format is
// refused, an older one is migrated in one transaction. Returns the database's secret.
Result<std::string> prepare_format(LmdbEnv& env);

}  // namespace wasm_server
