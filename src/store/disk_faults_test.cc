// Faults of the disk under the real database. The system calls that LMDB writes with are defined
// here, in the test program, in front of the C library's, and fail when they are told to.

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "store/journal.h"
#include "store/lmdb_store.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace {

// The store's mover writes as well.
struct Disk {
  std::atomic<bool> sync_fails{false};
  std::atomic<bool> reads_fail{false};
  std::atomic<ssize_t> room{
      std::numeric_limits<ssize_t>::max()};  // bytes that may still be written

  void heal() {
    sync_fails = false;
    reads_fail = false;
    room = std::numeric_limits<ssize_t>::max();
  }
};
Disk disk;

// Without its holes and zeroes, which are most of a new store.
void copy_data(const std::filesystem::path& from, const std::filesystem::path& to) {
  const int in = open(from.c_str(), O_RDONLY);
  const int out = open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string zeroes(64U << 10, '\0');
  std::string piece = zeroes;
  for (off_t at = lseek(in, 0, SEEK_DATA); at >= 0;) {
    const ssize_t size = pread(in, piece.data(), piece.size(), at);
    if (size <= 0) break;
    const std::string_view bytes{piece.data(), static_cast<std::size_t>(size)};
    if (std::memcmp(bytes.data(), zeroes.data(), bytes.size()) != 0)
      syscall(SYS_pwrite64, out, bytes.data(), bytes.size(), at);
    at = lseek(in, at + size, SEEK_DATA);
  }
  EXPECT_EQ(ftruncate(out, lseek(in, 0, SEEK_END)), 0);
  close(in);
  close(out);
}

// What a loss of power would leave: the files as they were when they were last synced, and what was
// written through since.
struct Platter {
  std::mutex mutex;
  std::filesystem::path of{};  // empty: nothing is recorded
  std::filesystem::path files{};
  std::set<std::filesystem::path> synced_whole{};  // by fsync: directories

  std::filesystem::path copy_of(int fd) const {
    std::error_code none;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none);
    return !of.empty() && path.parent_path() == of ? files / path.filename()
                                                   : std::filesystem::path{};
  }
  void synced(int fd) {
    const std::lock_guard lock{mutex};
    const auto copy = copy_of(fd);
    if (copy.empty()) return;
    copy_data(of / copy.filename(), copy);
  }
  void written(int fd, const void* data, std::size_t size, off_t offset) {
    const std::lock_guard lock{mutex};
    if ((fcntl(fd, F_GETFL) & O_DSYNC) == 0) return;
    const auto copy = copy_of(fd);
    if (copy.empty()) return;
    const int file = open(copy.c_str(), O_WRONLY | O_CREAT, 0600);
    syscall(SYS_pwrite64, file, data, size, offset);
    close(file);
  }
};
Platter platter;

constexpr ssize_t kBlock = 4096;

// As the kernel does it: what fits is written, and only when nothing does it is an error.
ssize_t take_room(std::size_t size) {
  const ssize_t taken = std::min(disk.room.load(), static_cast<ssize_t>(size));
  if (taken == 0 && size > 0) {
    errno = ENOSPC;
    return -1;
  }
  disk.room -= taken;
  return taken;
}

}  // namespace

extern "C" int fdatasync(int fd) {
  if (disk.sync_fails) {
    errno = EIO;
    return -1;
  }
  const auto done = static_cast<int>(syscall(SYS_fdatasync, fd));
  if (done == 0) platter.synced(fd);
  return done;
}

extern "C" int fsync(int fd) {
  {
    const std::lock_guard lock{platter.mutex};
    std::error_code none;
    platter.synced_whole.insert(
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none));
  }
  return static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" ssize_t pread(int fd, void* to, std::size_t size, off_t offset) {
  if (disk.reads_fail) {
    errno = EIO;
    return -1;
  }
  return syscall(SYS_pread64, fd, to, size, offset);
}

extern "C" ssize_t pwrite(int fd, const void* data, std::size_t size, off_t offset) {
  ssize_t taken = take_room(size);
  // Past the page cache whole blocks are written.
  if ((fcntl(fd, F_GETFL) & O_DIRECT) != 0) taken -= taken % kBlock;
  if (taken == 0 && size > 0) errno = ENOSPC;
  if (taken <= 0 && size > 0) return -1;
  const ssize_t written = syscall(SYS_pwrite64, fd, data, static_cast<std::size_t>(taken), offset);
  if (written > 0) platter.written(fd, data, static_cast<std::size_t>(written), offset);
  return written;
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
    disk.heal();
    open();
  }
  ~DiskFaults() override { disk.heal(); }

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
  EXPECT_FALSE(store_->failed());
  disk.sync_fails = true;
  const auto failed = put("during", "during");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::kInternal);

  disk.sync_fails = false;
  const auto after = put("after", "after");
  ASSERT_FALSE(after.has_value());
  EXPECT_EQ(after.error().code, ErrorCode::kInternal);
  EXPECT_NE(after.error().message.find("restarted"), std::string::npos);
  EXPECT_TRUE(store_->failed());
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
    ASSERT_FALSE(store_->failed()) << room;
    ASSERT_FALSE(has("m")) << room;
    ASSERT_EQ(store_->read_blob(sha256(code), true).value(), std::nullopt);
    ASSERT_TRUE(put("n" + std::to_string(room), std::to_string(room)).has_value()) << room;
  }
  EXPECT_GT(refused, 10);
  open();
  EXPECT_EQ(store_->list({}).value().items.size(),
            static_cast<std::size_t>(refused) + (has("m") ? 1U : 0U));
}

// Small code goes to the journal, whose blocks a disk may lack as well (a limit of file sizes, a
// file system that writes each block to a new place).
TEST_F(DiskFaults, AFullDiskUnderTheJournalIsGotOver) {
  int refused = 0;
  for (ssize_t room = 0; room < 600; room += 7) {
    disk.room = room;
    const auto result = put("m", "code");
    disk.heal();
    if (result) break;
    ++refused;
    ASSERT_EQ(result.error().code, ErrorCode::kStorageFull) << room << result.error().log;
    ASSERT_FALSE(has("m")) << room;
    ASSERT_TRUE(put("n" + std::to_string(room), "code").has_value()) << room;
  }
  EXPECT_GT(refused, 10);
  open();
  EXPECT_EQ(store_->list({}).value().items.size(),
            static_cast<std::size_t>(refused) + (has("m") ? 1U : 0U));
}

TEST_F(DiskFaults, RoomForTheJournalThatComesAfterTheStartIsUsed) {
  ASSERT_TRUE(put("before", "before").has_value());
  store_.reset();
  std::filesystem::remove(directory_.path() / "journal");
  disk.room = 100'000;
  open();
  const auto refused = put("during", "during");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kStorageFull);
  EXPECT_EQ(std::filesystem::file_size(directory_.path() / "journal"), 0U);
  disk.heal();
  EXPECT_TRUE(put("after", "after").has_value());
}

// As after a kill: what is in the journal cannot be moved to the trees, yet it is all there, and no
// new code is written over its code.
TEST_F(DiskFaults, AStartOnAFullDiskReadsWhatStandsInTheJournal) {
  const std::string large(100'000, 'x');
  ASSERT_TRUE(put("before", "before").has_value());
  open();
  ASSERT_TRUE(put("small", "small").has_value());
  ASSERT_TRUE(put("large", large).has_value());
  const TemporaryDirectory killed;
  for (const char* file : {"data.mdb", "journal", "code"})
    std::filesystem::copy_file(directory_.path() / file, killed.path() / file);

  disk.room = 0;
  store_ = LmdbStore::open(killed.path(), {}).value();
  EXPECT_TRUE(has("before") && has("small") && has("large"));
  EXPECT_EQ(store_->list({}).value().items.size(), 3U);
  EXPECT_EQ(store_->read_blob(sha256(large), true).value(), large);
  const auto refused = put("during", "during");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kStorageFull);
  store_.reset();  // and a stop leaves it as it is
  store_ = LmdbStore::open(killed.path(), {}).value();
  EXPECT_TRUE(has("small"));

  disk.heal();
  Result<void> after;
  do {
    after = put("after", std::string(200'000, 'y'));
  } while (!after && after.error().code == ErrorCode::kStorageFull);
  ASSERT_TRUE(after.has_value()) << after.error().log;
  store_.reset();
  store_ = LmdbStore::open(killed.path(), {}).value();
  EXPECT_EQ(store_->list({}).value().items.size(), 4U);
  EXPECT_EQ(store_->read_blob(sha256(large), true).value(), large);
}

TEST_F(DiskFaults, AJournalThatCannotBeReadIsNotAnEmptyOne) {
  const auto path = directory_.path() / "other-journal";
  auto journal = Journal::open(path, 1).value();
  ASSERT_TRUE(journal->append(1, "one").has_value());
  const auto none = [](std::uint64_t, std::string_view) -> Result<void> { return {}; };
  disk.reads_fail = true;
  const auto replayed = journal->replay(0, none);
  disk.heal();
  ASSERT_FALSE(replayed.has_value());
  EXPECT_NE(replayed.error().log.find("journal: reading"), std::string::npos);
}

TEST_F(DiskFaults, AFailedSyncOfTheCodeFileRefusesFurtherWrites) {
  const std::string large(100'000, 'x');
  disk.sync_fails = true;
  ASSERT_FALSE(put("during", large).has_value());
  disk.sync_fails = false;
  EXPECT_FALSE(put("after", "after").has_value());
  open();
  EXPECT_FALSE(has("during"));
  EXPECT_TRUE(put("during", large).has_value());
}

// Code is written when there is much of it, which may be while another job of the batch is applied.
TEST_F(DiskFaults, CodeThatWasLostBesideARefusedJobIsNotCommitted) {
  const auto first = std::make_shared<const Bytes>(3'000'000, 'x');
  const auto second = std::make_shared<const Bytes>(3'000'000, 'y');
  auto transaction = store_->begin().value();
  ASSERT_TRUE(transaction->put(make_meta_data("first", *first), first).has_value());
  disk.room = 0;
  const auto refused = transaction->put(make_meta_data("second", *second), second);
  disk.heal();
  ASSERT_FALSE(refused.has_value());
  const auto committed = transaction->commit();
  ASSERT_FALSE(committed.has_value());
  EXPECT_EQ(committed.error().code, ErrorCode::kStorageFull);  // each is tried alone then
  transaction.reset();
  EXPECT_FALSE(has("first"));

  ASSERT_TRUE(put("first", *first).has_value());
  open();
  EXPECT_EQ(store_->read_blob(sha256(*first), true).value(), *first);
}

class PowerLoss : public DiskFaults {
 protected:
  PowerLoss() {
    store_.reset();  // with all of it on the disk
    for (const char* file : {"data.mdb", "journal", "code"})
      copy_data(directory_.path() / file, lost_.path() / file);
    platter.files = lost_.path();
    platter.of = directory_.path();
    open();
  }
  ~PowerLoss() override {
    store_.reset();
    platter.of.clear();
  }

  // The store as it would be after a loss of power now.
  std::unique_ptr<LmdbStore> after_power_loss(const TemporaryDirectory& directory) {
    {
      const std::lock_guard lock{platter.mutex};
      for (const auto& file : std::filesystem::directory_iterator(lost_.path()))
        copy_data(file.path(), directory.path() / file.path().filename());
    }
    return LmdbStore::open(directory.path(), {}).value();
  }

  const TemporaryDirectory lost_;
};

TEST_F(PowerLoss, LeavesANewDataDirectory) {
  const TemporaryDirectory parent;
  const auto path = std::filesystem::canonical(parent.path()) / "a" / "b" / "data";
  ASSERT_TRUE(LmdbStore::open(path, {}).has_value());
  const std::lock_guard lock{platter.mutex};
  for (auto made = path; made != parent.path().parent_path(); made = made.parent_path())
    EXPECT_TRUE(platter.synced_whole.contains(made)) << made;
}

// Of every size and on every way to the disk: the journal, the code file, the trees; into space
// that was used before as well.
TEST_F(PowerLoss, LeavesEveryAnsweredWriteWithItsCode) {
  std::vector<std::string> ids;
  std::vector<std::string> codes;
  constexpr std::size_t kSizes[] = {10, 9'000, 60'000, 700'000};
  for (std::size_t i = 0; i < 48; ++i) {
    const std::string id = "m" + std::to_string(i);
    const std::string code = id + std::string(kSizes[i % 4], static_cast<char>('a' + i % 26));
    ASSERT_TRUE(put(id, code).has_value());
    ids.push_back(id);
    codes.push_back(code);
    if (i % 6 == 5) {
      auto transaction = store_->begin().value();
      ASSERT_TRUE(transaction->erase(ids[i - 3]).has_value());
      ASSERT_TRUE(transaction->commit().has_value());
      ids[i - 3].clear();
    }
    const TemporaryDirectory copy;
    const auto found = after_power_loss(copy);
    for (std::size_t j = 0; j <= i; ++j) {
      if (ids[j].empty()) continue;
      const auto module = found->find(ids[j]).value();
      ASSERT_TRUE(module.has_value()) << j << " after " << i;
      const auto stored = found->read_blob(module->digest, true);
      ASSERT_TRUE(stored.has_value() && *stored == codes[j]) << j << " after " << i;
    }
  }
}

}  // namespace
}  // namespace wasm_server
