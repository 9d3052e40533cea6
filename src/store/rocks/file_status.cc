#include "store/rocks/file_status.h"

#include <string>
#include <system_error>

#include "store/disk_error.h"

namespace wasm_server {

rocksdb::IOStatus io_failed(int error, const char* doing) {
  using rocksdb::IOStatus;
  const std::string reason = std::generic_category().message(error);
  return is_storage_full(error) ? IOStatus::NoSpace(doing, reason)
                                : IOStatus::IOError(doing, reason);
}

}  // namespace wasm_server
