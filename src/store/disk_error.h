#pragma once

#include <string_view>

#include "base/result.h"

namespace wasm_server {

// Whether a system error says that there is no room, on the disk, in a quota, or by a limit of the
// size of files: nothing was stored, and smaller writes may go on.
bool is_storage_full(int error);

// As an Error: kStorageFull or kInternal. The log text names `doing` and `reason`.
std::unexpected<Error> disk_error(bool is_full, std::string_view doing, std::string_view reason);
std::unexpected<Error> disk_error(int error, std::string_view doing);

}  // namespace wasm_server
