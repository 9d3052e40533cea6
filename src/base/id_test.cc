#include "base/id.h"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

TEST(Id, AcceptsWhatTheContractNames) {
  EXPECT_TRUE(is_valid_id("a"));
  EXPECT_TRUE(is_valid_id("9-x_Y.z"));
  EXPECT_TRUE(is_valid_id(std::string(128, 'a')));
}

TEST(Id, RefusesEverythingElse) {
  for (const char* id : {"", "-a", ".a", "_a", "a/b", "a b", "a%41", "\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(is_valid_id(id)) << id;
  }
  EXPECT_FALSE(is_valid_id(std::string(129, 'a')));
  EXPECT_FALSE(is_valid_id(std::string_view("a\0b", 3)));
}

TEST(UuidV7, HasTimeVersionAndVariantInTheirPlaces) {
  // Later than any clock, so that no id made before in this process can be ahead of it.
  const system_clock::time_point time{milliseconds{0x0800'1234'5678}};
  const std::string id = make_uuid_v7(time);
  ASSERT_EQ(id.size(), 36U);
  EXPECT_EQ(id.substr(0, 13), "08001234-5678");
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(id[dash], '-');
  EXPECT_TRUE(is_valid_id(id));
}

TEST(UuidV7, IncreasesEvenWhenTheClockStandsOrGoesBack) {
  const system_clock::time_point now = system_clock::now();
  std::string last = make_uuid_v7(now);
  for (int i = 0; i < 10'000; ++i) {
    const std::string next = make_uuid_v7(now - milliseconds{i});
    ASSERT_LT(last.substr(0, 18), next.substr(0, 18));
    last = next;
  }
}

TEST(UuidV7, IsUniqueAcrossThreads) {
  constexpr std::size_t kEach = 5'000;
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : made) {
      threads.emplace_back([&ids] {
        for (std::size_t i = 0; i < kEach; ++i) ids.push_back(make_uuid_v7(system_clock::now()));
      });
    }
  }
  std::set<std::string> all;
  for (const auto& ids : made) {
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(all.size(), 4 * kEach);
}

}  // namespace
}  // namespace wasm_server
