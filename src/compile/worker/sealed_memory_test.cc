#include "compile/worker/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/file_io.h"

namespace wasm_server {
namespace {

TEST(SealedMemory, IsReadByWhoGetsIt) {
  const auto sent = SealedMemory::copy_of("some code").value();
  const auto got = SealedMemory::adopt(sent.duplicate().value(), 9).value();
  EXPECT_EQ(got.bytes(), "some code");
  EXPECT_EQ(SealedMemory::copy_of("").value().bytes(), "");
}

TEST(SealedMemory, CannotBeChangedOrCut) {
  const auto memory = SealedMemory::copy_of("some code").value();
  EXPECT_FALSE(write_at(memory.file(), 0, "x"));
  EXPECT_NE(ftruncate(memory.file(), 1), 0);
  EXPECT_NE(ftruncate(memory.file(), 100), 0);
  EXPECT_EQ(mmap(nullptr, 1, PROT_WRITE, MAP_SHARED, memory.file(), 0), MAP_FAILED);
}

TEST(SealedMemory, IsNotTakenWhenItIsTooLargeOrCouldBeChanged) {
  const auto sent = SealedMemory::copy_of("some code").value();
  EXPECT_FALSE(SealedMemory::adopt(sent.duplicate().value(), 8));
  Descriptor open(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(fcntl(open.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  EXPECT_FALSE(SealedMemory::adopt(std::move(open), 100));
  EXPECT_FALSE(SealedMemory::adopt(Descriptor(dup(STDERR_FILENO)), 100));
  EXPECT_FALSE(SealedMemory::adopt(Descriptor(), 100));
}

}  // namespace
}  // namespace wasm_server
