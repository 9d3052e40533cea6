// Faults of the disk under the real database. The system calls that LMDB writes with are defined
// here, in the test program, in front of the C library's, and fail when they are told to.

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "store/lmdb_store.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace {

struct Disk {
  bool sync_fails = false;
  ssize_t room = std::numeric_limits<ssize_t>::max();  // bytes that may still be written
};
Disk disk;

// As the kernel does it: what fits is written, and only when nothing does it is an error.
ssize_t take_room(std::size_t size) {
  const ssize_t taken = std::min(disk.room, static_cast<ssize_t>(size));
  if (taken == 0 && size > 0) {
    errno = ENOSPC;
    return -1;
  }
  disk.room -= taken;
  return taken;
}

}  // namespace

extern "C" int fdatasync(int fd) {
  if (!disk.sync_fails) return static_cast<int>(syscall(SYS_fdatasync, fd));
  errno = EIO;
  return -1;
}

extern "C" ssize_t pwrite(int fd, const void* data, std::size_t size, off_t offset) {
  const ssize_t taken = take_room(size);
  return taken < 0 ? taken
                   : syscall(SYS_pwrite64, fd, data, static_cast<std::size_t>(taken), offset);
}

extern "C" ssize_t writev(int fd, const iovec* parts, int count) {
  ssize_t written = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t taken = take_room(parts[i].iov_len);
    if (taken < 0) return written > 0 ? written : taken;
    if (syscall(SYS_write, fd, parts[i].iov_base, static_cast<std::size_t>(taken)) != taken)
      return -1;
    written += taken;
    if (static_cast<std::size_t>(taken) < parts[i].iov_len) break;
  }
  return written;
}

extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) {
  if (length <= disk.room)
    return static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, length));
  errno = ENOSPC;
  return -1;
}

namespace wasm_server {
namespace {

class DiskFaults : public testing::Test {
 protected:
  DiskFaults() {
    disk = {};
    open();
  }
  ~DiskFaults() override { disk = {}; }

  void open() {
    store_.reset();
    store_ = LmdbStore::open(directory_.path(), {}).value();
  }

  Result<void> put(std::string_view id, const std::string& code) {
    auto transaction = store_->begin();
    if (!transaction) return std::unexpected{transaction.error()};
    auto done = (*transaction)->put(make_meta_data(id, code), std::make_shared<const Bytes>(code));
    if (!done) return done;
    return (*transaction)->commit();
  }

  bool has(std::string_view id) { return store_->find(id).value().has_value(); }

  TemporaryDirectory directory_;
  std::unique_ptr<LmdbStore> store_;
};

TEST_F(DiskFaults, AFailedSyncRefusesFurtherWritesUntilTheStoreIsReopened) {
  ASSERT_TRUE(put("before", "before").has_value());
  disk.sync_fails = true;
  const auto failed = put("during", "during");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::kInternal);

  disk.sync_fails = false;
  const auto after = put("after", "after");
  ASSERT_FALSE(after.has_value());
  EXPECT_EQ(after.error().code, ErrorCode::kInternal);
  EXPECT_NE(after.error().message.find("restarted"), std::string::npos);
  EXPECT_EQ(store_->sequence(), 1U);
  EXPECT_TRUE(has("before"));  // reads go on

  open();
  EXPECT_TRUE(has("before"));
  EXPECT_FALSE(has("during"));
  EXPECT_TRUE(put("after", "after").has_value());
}

// Wherever in the batch's writes the disk becomes full.
TEST_F(DiskFaults, AFullDiskStoresNothingAndIsGotOver) {
  const std::string code(300'000, 'x');
  int refused = 0;
  for (ssize_t room = 0; room < 340'000; room += 1 + room / 3) {
    disk.room = room;
    const auto result = put("m", code);
    disk.room = std::numeric_limits<ssize_t>::max();
    if (result) break;
    ++refused;
    ASSERT_EQ(result.error().code, ErrorCode::kStorageFull) << room;
    ASSERT_FALSE(has("m")) << room;
    ASSERT_EQ(store_->read_blob(sha256(code), true).value(), std::nullopt);
    ASSERT_TRUE(put("n" + std::to_string(room), std::to_string(room)).has_value()) << room;
  }
  EXPECT_GT(refused, 10);
  open();
  EXPECT_EQ(store_->list({}).value().items.size(),
            static_cast<std::size_t>(refused) + (has("m") ? 1U : 0U));
}

}  // namespace
}  // namespace wasm_server
