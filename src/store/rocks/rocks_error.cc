#include "store/rocks/rocks_error.h"

#include "store/disk_error.h"

namespace wasm_server {

std::unexpected<Error> rocks_error(const rocksdb::Status& status, std::string_view doing) {
  return disk_error(status.IsNoSpace(), doing, status.ToString());
}

}  // namespace wasm_server
