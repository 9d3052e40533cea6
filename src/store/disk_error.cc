#include "store/disk_error.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace wasm_server {

bool is_storage_full(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

std::unexpected<Error> disk_error(bool is_full, std::string_view doing, std::string_view reason) {
  std::string log = "store: " + std::string{doing} + ": " + std::string{reason};
  if (is_full) {
    return fail(ErrorCode::kStorageFull, "the storage is full; nothing was stored", std::move(log));
  }
  return fail(ErrorCode::kInternal, "the store failed", std::move(log));
}

std::unexpected<Error> disk_error(int error, std::string_view doing) {
  return disk_error(is_storage_full(error), doing, std::generic_category().message(error));
}

}  // namespace wasm_server
