#pragma once

// For the tests of a store's files.

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "store/open_store.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {

class RocksStoreTest : public testing::Test {
 protected:
  void put(std::string_view id, const std::string& code, std::uint64_t revision = 1) {
    ASSERT_TRUE(put_module(*store_, id, code, revision).has_value());
  }

  // The line with which a start is refused; empty when it is not.
  std::string refusal() {
    store_.close();
    const auto opened = open_store(store_.path(), {});
    if (opened) return {};
    EXPECT_EQ(opened.error().message.find('\n'), std::string::npos) << opened.error().message;
    return opened.error().message;
  }

  void expect_refusal(std::string_view why) {
    const std::string line = refusal();
    EXPECT_NE(line.find(why), std::string::npos) << line;
    EXPECT_NE(line.find(store_.path().string()), std::string::npos) << line;
  }

  std::filesystem::path database_path() const { return store_.path() / "db"; }
  std::vector<std::filesystem::path> files(std::string_view extension) const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(database_path())) {
      if (entry.path().extension() == extension) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }

  TestStore store_;
};

}  // namespace wasm_server
