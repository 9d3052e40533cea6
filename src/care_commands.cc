#include "care_commands.h"

namespace wasm_server {

cli::Failure care_failure(const Error& error) {
  const bool no_room = error.code == ErrorCode::kStorageFull;
  return {no_room ? cli::kLocalTrouble : cli::kDamaged,
          error.log.empty() ? error.message : error.log};
}

}  // namespace wasm_server
