#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "base/descriptor.h"
#include "store/rocks/faulty_disk.h"
#include "store/sync_directory.h"
#include "testing/temporary_directory.h"

// What the tests on a faulty disk rely on.

namespace wasm_server {
namespace {

using Fault = FaultyDisk::Fault;

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(FaultyDisk, FailsWhatItIsToldAndInItsDirectoryOnly) {
  const TemporaryDirectory inside;
  const TemporaryDirectory outside;
  FaultyDisk disk{inside.path()};
  const Descriptor ours{open((inside.path() / "a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  const Descriptor theirs{open((outside.path() / "a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  const auto writes = [](const Descriptor& file) { return pwrite(file.get(), "x", 1, 0) == 1; };
  disk.fail_at(1, Fault::kErrorOnce);
  EXPECT_TRUE(writes(ours) && !disk.has_failed());
  EXPECT_TRUE(writes(theirs));
  EXPECT_FALSE(writes(ours));
  EXPECT_EQ(errno, EIO);
  EXPECT_TRUE(disk.has_failed());
  EXPECT_TRUE(writes(ours));
  disk.fail_at(0, Fault::kErrors);
  EXPECT_NE(fdatasync(ours.get()), 0);
  EXPECT_NE(rename((inside.path() / "a").c_str(), (inside.path() / "b").c_str()), 0);
  disk.heal();
  disk.limit_space(8'192);
  const std::string block(4'096, 'x');
  EXPECT_EQ(pwrite(ours.get(), block.data(), block.size(), 0), 4'096);
  EXPECT_EQ(pwrite(ours.get(), block.data(), block.size(), 8'192), -1);
  EXPECT_EQ(errno, ENOSPC);
}

TEST(FaultyDisk, LeavesWhatWasSynced) {
  const TemporaryDirectory place;
  FaultyDisk disk{place.path()};
  disk.record();
  const auto make = [&](const char* name) {
    const Descriptor file{open((place.path() / name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    EXPECT_EQ(pwrite(file.get(), "synced", 6, 0), 6);
    EXPECT_EQ(fdatasync(file.get()), 0);
    EXPECT_EQ(pwrite(file.get(), "lost", 4, 6), 4);
  };
  make("a");
  EXPECT_EQ(sync_directory(place.path()), 0);
  make("without a name");
  const TemporaryDirectory image;
  disk.leave(image.path());
  EXPECT_EQ(content_of(image.path() / "a"), "synced");
  EXPECT_FALSE(std::filesystem::exists(image.path() / "without a name"));
}

}  // namespace
}  // namespace wasm_server
