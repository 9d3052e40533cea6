#include "base/memory_limit.h"

#include <filesystem>
#include <fstream>
#include <string_view>

#include <gtest/gtest.h>

#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;

// The files of a system with 4 GiB.
class MemoryLimit : public testing::Test {
 protected:
  MemoryLimit() { write("proc/meminfo", "MemFree: 12 kB\nMemTotal:        4194304 kB\n"); }

  void write(std::string_view file, std::string_view text) {
    const auto path = root_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  void mount_v1(std::string_view group) {
    write("proc/self/mountinfo",
          "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
          "35 31 0:32 " +
              std::string(group) +
              " /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n");
  }
  void mount_v2() {
    write("proc/self/mountinfo",
          "24 23 0:21 / /proc rw - proc proc rw\n"
          "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n");
  }

  std::uint64_t limit() const { return memory_limit(root_.path()); }

  TemporaryDirectory root_;
};

TEST_F(MemoryLimit, IsTheMachinesWithoutAGroup) {
  EXPECT_EQ(limit(), 4096 * kMiB);
  write("proc/self/cgroup", "");
  write("proc/self/mountinfo", "nonsense\n");
  EXPECT_EQ(limit(), 4096 * kMiB);
}

TEST_F(MemoryLimit, IsThatOfTheGroup) {
  mount_v2();
  write("proc/self/cgroup", "0::/service/one\n");
  write("sys/fs/cgroup/service/one/memory.max", "1073741824\n");
  EXPECT_EQ(limit(), 1024 * kMiB);
  write("sys/fs/cgroup/service/one/memory.max", "max\n");
  EXPECT_EQ(limit(), 4096 * kMiB);
}

TEST_F(MemoryLimit, IsTheLeastOfAllAncestors) {
  mount_v2();
  write("proc/self/cgroup", "0::/a/b/c\n");
  write("sys/fs/cgroup/a/b/c/memory.max", "3221225472\n");
  write("sys/fs/cgroup/a/memory.max", "536870912\n");
  EXPECT_EQ(limit(), 512 * kMiB);
}

TEST_F(MemoryLimit, ReadsVersionOneBesideVersionTwo) {
  mount_v1("/");
  write("proc/self/cgroup", "8:pids:/x\n4:cpu,memory:/a/b\n0::/\n");
  write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limit(), 4096 * kMiB);  // no limit
  write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2147483648\n");
  EXPECT_EQ(limit(), 2048 * kMiB);
}

// The group's files stand where the hierarchy is mounted, and its name begins above that.
TEST_F(MemoryLimit, FindsTheGroupOfAContainer) {
  mount_v1("/docker/1234");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
  write("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "134217728\n");
  write("proc/self/cgroup", "4:memory:/docker/1234\n");
  EXPECT_EQ(limit(), 256 * kMiB);
  write("proc/self/cgroup", "4:memory:/docker/1234/inner\n");
  EXPECT_EQ(limit(), 128 * kMiB);
  write("proc/self/cgroup", "4:memory:/elsewhere\n");
  EXPECT_EQ(limit(), 256 * kMiB);
}

TEST(MemoryLimitOfThisMachine, IsThere) { EXPECT_GT(memory_limit(), 64 * kMiB); }

TEST(MemoryLimitOfNothing, IsNotKnown) {
  const TemporaryDirectory empty;
  EXPECT_EQ(memory_limit(empty.path()), 0U);
}

}  // namespace
}  // namespace wasm_server
