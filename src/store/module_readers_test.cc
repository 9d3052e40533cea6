#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/module_repository_test.h"

// Readers beside the writer.

namespace wasm_server {
namespace {

class ModuleReadersTest : public ModuleRepositoryTest {};

TEST_F(ModuleReadersTest, ServesReadersWhileItIsWritten) {
  put("m", "code 1", 1);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<std::uint64_t> reads{0};
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 8; ++i) {
      readers.emplace_back([&] {
        std::uint64_t last = 0;
        while (!stop) {
          const auto found = modules().find("m");
          const bool good =
              found && *found && (*found)->revision >= last &&
              **found == make_meta_data("m", "code " + std::to_string((*found)->revision),
                                        (*found)->revision) &&
              modules().find_revision("m", (*found)->revision).value().has_value();
          if (!good) ++wrong;
          if (good) last = (*found)->revision;
          ++reads;
        }
      });
    }
    for (std::uint64_t revision = 2; revision <= 60; ++revision) {
      put("m", "code " + std::to_string(revision), revision);
      EXPECT_EQ(modules().find("m").value()->revision, revision);
    }
    stop = true;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(reads, 0U);
}

// Extents are freed and used again under readers, who see code as it was stored or not at all.
TEST_F(ModuleReadersTest, ReadersNeverSeeCodeThatCameLater) {
  constexpr std::size_t kLarge = 50'000;
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<unsigned> latest{1};
  std::atomic<std::uint64_t> reads{0};
  put("m1", patterned(kLarge, 1));
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        while (!stop) {
          const std::string code = patterned(kLarge, latest);
          const auto found = modules().read_code(sha256(code));
          if (!found || (*found && **found != code)) ++wrong;
          if (found && *found) ++reads;
        }
      });
    }
    for (unsigned i = 2; i < 300; ++i) {
      put("m" + std::to_string(i), patterned(kLarge, i));
      latest = i;
      erase("m" + std::to_string(i - 1));
    }
    stop = true;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(reads, 0U);
}

}  // namespace
}  // namespace wasm_server
