#include "store/rocks/table_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "store/disk_error.h"
#include "store/rocks/file_status.h"

namespace wasm_server {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

IOStatus TableFile::Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) {
  std::string_view bytes = data.ToStringView();
  while (!bytes.empty()) {
    const ssize_t done = pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (done > 0) {
      size_ += static_cast<std::uint64_t>(done);
      bytes.remove_prefix(static_cast<std::size_t>(done));
      continue;
    }
    const int error = done == 0 ? EIO : errno;
    if (error == EINTR || (is_storage_full(error) && make_room_())) continue;
    return io_failed(error, "writing a table or manifest");
  }
  return IOStatus::OK();
}

IOStatus TableFile::Sync(const IOOptions&, IODebugContext*) {
  if (fdatasync(file_.get()) != 0) return io_failed(errno, "syncing a table or manifest");
  return IOStatus::OK();
}

// Only begins what a later sync waits for, which meets the errors.
IOStatus TableFile::RangeSync(std::uint64_t offset, std::uint64_t bytes, const IOOptions&,
                              IODebugContext*) {
  static_cast<void>(sync_file_range(file_.get(), static_cast<off_t>(offset),
                                    static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE));
  return IOStatus::OK();
}

IOStatus TableFile::Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) {
  if (ftruncate(file_.get(), static_cast<off_t>(size)) != 0)
    return io_failed(errno, "cutting a table or manifest");
  size_ = size;
  return IOStatus::OK();
}

}  // namespace wasm_server
