#include "base/file_io.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "base/descriptor.h"

namespace wasm_server {
namespace {

Descriptor unnamed_file() {
  std::string name = testing::TempDir() + "file-io-XXXXXX";
  Descriptor file{mkstemp(name.data())};
  unlink(name.c_str());
  return file;
}

TEST(FileIo, ReadsWhatWasWrittenAtItsPlace) {
  const Descriptor file = unnamed_file();
  ASSERT_TRUE(write_at(file.get(), 3, "hello"));
  std::array<char, 4> out{};
  ASSERT_TRUE(read_at(file.get(), 4, out));
  EXPECT_EQ(std::string_view(out.data(), out.size()), "ello");
}

TEST(FileIo, SaysThatTheFileEndsBefore) {
  const Descriptor file = unnamed_file();
  ASSERT_TRUE(write_at(file.get(), 0, "abc"));
  std::array<char, 4> out{};
  EXPECT_FALSE(read_at(file.get(), 0, out));
  EXPECT_EQ(errno, EIO);
}

TEST(FileIo, SaysWhyItCannotBe) {
  std::array<char, 1> out{};
  EXPECT_FALSE(read_at(-1, 0, out));
  EXPECT_EQ(errno, EBADF);
  EXPECT_FALSE(write_at(-1, 0, "a"));
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace wasm_server
