#include "store/rocks/wal_file_system.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/descriptor.h"
#include "base/file_io.h"
#include "store/disk_error.h"
#include "store/rocks/database_files.h"
#include "store/rocks/file_status.h"
#include "store/sync_directory.h"

namespace wasm_server {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

bool is_options(const std::string& path) {
  return path.compare(path.rfind('/') + 1, 8, "OPTIONS-") == 0;
}

// RocksDB's names: 000123.log.
std::optional<std::uint64_t> log_number(const std::string& path) {
  if (!path.ends_with(".log")) return std::nullopt;
  const std::size_t begin = path.rfind('/') + 1;
  const std::size_t end = path.size() - 4;
  std::uint64_t number = 0;
  const auto [last, error] = std::from_chars(path.data() + begin, path.data() + end, number);
  if (error != std::errc{} || last != path.data() + end) return std::nullopt;
  return number;
}

}  // namespace

// A file of the log. Written by one thread, RocksDB's writer; reserve() is called by the same one.
class WalFile final : public rocksdb::FSWritableFile {
 public:
  WalFile(WalFileSystem& owner, std::uint64_t number, Descriptor file)
      : owner_(owner),
        number_(number),
        file_(std::move(file)),
        ahead_(file_.get(), std::numeric_limits<std::int64_t>::max()) {}
  ~WalFile() override { owner_.closed(this); }

  // What is longer than it is listed is synced before, so that no crash leaves it shorter.
  int reserve(std::uint64_t bytes) {
    const int error = ahead_.prepare(size_, bytes);
    if (error != 0 || ahead_.end() <= listed_) return error;
    if (fdatasync(file_.get()) != 0) return errno;
    return list(ahead_.end());
  }

  using FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) override {
    int error = reserve(data.size());
    // The room that was there for the batch was another file's: RocksDB has changed files since.
    while (is_storage_full(error) && owner_.make_room_()) error = reserve(data.size());
    if (error == 0 && !write_at(file_.get(), size_, data.ToStringView())) error = errno;
    if (error != 0) return give_up(error, "writing the log");
    size_ += data.size();
    return IOStatus::OK();
  }

  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    if (fdatasync(file_.get()) != 0) {
      owner_.log_failed_ = true;
      return io_failed(errno, "syncing the log");
    }
    synced_ = size_;
    return IOStatus::OK();
  }

  // Without what is ahead of its end.
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    const auto is = synced_ == size_ ? WalList::Is::kComplete : WalList::Is::kWritten;
    if (const int error = shorten(size_, is); error != 0)
      return io_failed(error, "closing the log");
    return IOStatus::OK();
  }

  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}

 private:
  // Nothing is left of the batch, so that the log goes on in another file as if it had not been.
  IOStatus give_up(int error, const char* doing) {
    owner_.log_failed_ = true;
    size_ = synced_;
    if (shorten(size_) != 0) error = EIO;
    return io_failed(error, doing);
  }

  int list(std::uint64_t size, WalList::Is is = WalList::Is::kWritten) {
    listed_ = size;
    return owner_.list_->set(number_, size, is);
  }

  int shorten(std::uint64_t size, WalList::Is is = WalList::Is::kWritten) {
    const int error = list(size, is);
    if (error != 0) return error;
    return ftruncate(file_.get(), static_cast<off_t>(size)) == 0 ? 0 : errno;
  }

  WalFileSystem& owner_;
  const std::uint64_t number_;
  const Descriptor file_;
  Preallocation ahead_;
  std::uint64_t size_ = 0;
  std::uint64_t synced_ = 0;
  std::uint64_t listed_ = 0;  // the length in the list
};

IOStatus WalFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSWritableFile>* file,
                                        IODebugContext*) {
  if (is_options(path)) return IOStatus::NotSupported("options are the program's");
  const std::optional<std::uint64_t> number = log_number(path);
  Descriptor made = make_file(path);
  if (made.get() < 0) return io_failed(errno, "making a file");
  if (!number) {
    *file = std::make_unique<TableFile>(std::move(made), make_room_);
    return IOStatus::OK();
  }
  int error = open_list();
  if (error == 0) error = sync_directory(database_);
  if (error == 0) error = list_->set(*number, 0);
  if (error != 0) return io_failed(error, "listing a log file");
  auto log = std::make_unique<WalFile>(*this, *number, std::move(made));
  const std::lock_guard lock{mutex_};
  current_ = log.get();
  *file = std::move(log);
  return IOStatus::OK();
}

// A name takes room as well. -1 and errno when there is none.
Descriptor WalFileSystem::make_file(const std::string& path) const {
  for (;;) {
    Descriptor made{open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (made.get() >= 0 || !is_storage_full(errno) || !make_room_()) return made;
  }
}

IOStatus WalFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                   IODebugContext* debug) {
  const std::optional<std::uint64_t> number = log_number(path);
  if (number && list_) {
    if (const int error = list_->remove(*number); error != 0)
      return io_failed(error, "taking a log file off the list");
  }
  return FileSystemWrapper::DeleteFile(path, options, debug);
}

// Of a new database, which has its identity before its first log.
int WalFileSystem::open_list() {
  if (list_) return 0;
  auto made = WalList::create(database_, make_database_mark(read_identity(database_)));
  if (!made) return EIO;
  list_ = *std::move(made);
  return 0;
}

int WalFileSystem::reserve(std::uint64_t bytes) {
  const std::lock_guard lock{mutex_};
  return current_ == nullptr ? 0 : current_->reserve(bytes);
}

void WalFileSystem::closed(const WalFile* file) {
  const std::lock_guard lock{mutex_};
  if (current_ == file) current_ = nullptr;
}

}  // namespace wasm_server
