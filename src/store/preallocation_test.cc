#include "store/preallocation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;

class PreallocationTest : public testing::Test {
 protected:
  PreallocationTest() : file_(open(path_.c_str(), O_RDWR | O_CREAT, 0600)) { store(0, 10'000); }
  ~PreallocationTest() override { close(file_); }

  // What a commit writes.
  void store(std::uint64_t at, std::size_t size) {
    const std::string bytes(size, 'x');
    ASSERT_EQ(pwrite(file_, bytes.data(), size, static_cast<off_t>(at)),
              static_cast<ssize_t>(size));
  }

  std::uint64_t size() const { return std::filesystem::file_size(path_); }
  std::uint64_t block_bytes() const {
    struct stat status{};
    fstat(file_, &status);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  std::string content() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TemporaryDirectory directory_;
  const std::string path_ = (directory_.path() / "file").string();
  const int file_;
};

TEST_F(PreallocationTest, ASmallBatchFindsZeroesBehindWhatIsStored) {
  Preallocation blocks(file_, 1024 * kMiB);
  EXPECT_EQ(blocks.prepare(10'000, 5'000), 0);
  ASSERT_GE(size(), 15'000U);
  EXPECT_GE(block_bytes(), 15'000U);
  const std::string bytes = content();
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.begin() + 10'000, [](char c) { return c == 'x'; }));
  EXPECT_TRUE(std::all_of(bytes.begin() + 10'000, bytes.end(), [](char c) { return c == 0; }));
}

TEST_F(PreallocationTest, IsWrittenOnceForManySmallBatches) {
  Preallocation blocks(file_, 1024 * kMiB);
  EXPECT_EQ(blocks.prepare(10'000, 5'000), 0);
  const std::uint64_t ahead = size();
  for (std::uint64_t used = 10'000; used + 5'000 < ahead; used += 5'000) {
    EXPECT_EQ(blocks.prepare(used, 5'000), 0);
    store(used, 5'000);
  }
  EXPECT_EQ(size(), ahead);
  EXPECT_EQ(blocks.prepare(ahead, 5'000), 0);
  EXPECT_GE(size(), ahead + 5'000);
}

TEST_F(PreallocationTest, NeverWritesOverWhatIsStored) {
  Preallocation blocks(file_, 1024 * kMiB);
  EXPECT_EQ(blocks.prepare(10'000, 5'000), 0);
  store(10'000, 9 * kMiB);  // more than was guessed
  EXPECT_EQ(blocks.prepare(10'000 + 9 * kMiB, 5'000), 0);
  const std::string bytes = content();
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'x'),
            static_cast<std::ptrdiff_t>(10'000 + 9 * kMiB));
}

TEST_F(PreallocationTest, ALargeBatchFindsBlocksReserved) {
  Preallocation blocks(file_, 1024 * kMiB);
  EXPECT_EQ(blocks.prepare(10'000, 20 * kMiB), 0);
  EXPECT_GE(size(), 20 * kMiB);
  EXPECT_GE(block_bytes(), 20 * kMiB);
}

TEST_F(PreallocationTest, TheFileIsNotMadeLongerThanItMayBe) {
  Preallocation blocks(file_, kMiB);
  EXPECT_EQ(blocks.prepare(10'000, 5'000), 0);
  EXPECT_LE(size(), kMiB);
  EXPECT_EQ(blocks.prepare(10'000, 100 * kMiB), EFBIG);
  EXPECT_LE(size(), kMiB);
  EXPECT_EQ(blocks.prepare(2 * kMiB, 5'000), EFBIG);
  EXPECT_LE(size(), kMiB);
}

// Such a descriptor stands for a disk that takes nothing.
TEST_F(PreallocationTest, SaysWhatKeepsItFromWriting) {
  const int read_only = open(path_.c_str(), O_RDONLY);
  Preallocation blocks(read_only, 1024 * kMiB);
  EXPECT_EQ(blocks.prepare(10'000, 5'000), EBADF);
  EXPECT_EQ(blocks.prepare(10'000, 100 * kMiB), 0);  // whether there are blocks is not known
  EXPECT_EQ(size(), 10'000U);
  close(read_only);
}

}  // namespace
}  // namespace wasm_server
