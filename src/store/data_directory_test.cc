#include "store/data_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

std::string refusal(const std::filesystem::path& path) {
  const auto directory = DataDirectory::acquire(path);
  EXPECT_FALSE(directory.has_value());
  return directory ? "" : directory.error().message;
}

bool says(const std::string& message, const std::string& text) {
  return message.find(text) != std::string::npos && message.find('\n') == std::string::npos;
}

TEST(DataDirectory, IsMadeForTheOwnerOnly) {
  const TemporaryDirectory parent;
  const auto path = parent.path() / "a" / "b";
  ASSERT_TRUE(DataDirectory::acquire(path).has_value());
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST(DataDirectory, RefusesASecondHolderAndNamesTheFirst) {
  const TemporaryDirectory parent;
  const auto first = DataDirectory::acquire(parent.path());
  ASSERT_TRUE(first.has_value());
  const std::string message = refusal(parent.path());
  EXPECT_TRUE(says(message, "in use by another server (process " + std::to_string(getpid()) + ")"))
      << message;
}

TEST(DataDirectory, IsFreeAgainAfterItsHolder) {
  const TemporaryDirectory parent;
  EXPECT_TRUE(DataDirectory::acquire(parent.path()).has_value());
  EXPECT_TRUE(DataDirectory::acquire(parent.path()).has_value());
}

TEST(DataDirectory, SaysWhenThePathIsAFile) {
  const TemporaryDirectory parent;
  const auto path = parent.path() / "file";
  std::ofstream{path} << "x";
  EXPECT_TRUE(says(refusal(path), "is not a directory")) << refusal(path);
  EXPECT_TRUE(says(refusal(path / "below"), "cannot be made")) << refusal(path / "below");
}

TEST(DataDirectory, SaysWhenItCannotBeWritten) {
  // Root writes everywhere, except where the kernel itself refuses.
  const std::filesystem::path path = getuid() == 0 ? "/proc/wasm-server" : "/wasm-server-data";
  EXPECT_TRUE(says(refusal(path), "cannot be")) << refusal(path);
}

TEST(DataDirectory, CanBeSynced) {
  const TemporaryDirectory parent;
  EXPECT_TRUE(DataDirectory::acquire(parent.path()).value().sync().has_value());
}

}  // namespace
}  // namespace wasm_server
