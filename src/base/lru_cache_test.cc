#include "base/lru_cache.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(LruCache, FindsWhatWasInserted) {
  LruCache<std::string, int> cache;
  cache.insert("a", 1);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(LruCache, PopsTheLeastRecentlyUsed) {
  LruCache<std::string, int> cache;
  cache.insert("a", 1);
  cache.insert("b", 2);
  cache.insert("c", 3);
  cache.find("a");
  EXPECT_EQ(cache.pop_oldest(), 2);
  EXPECT_EQ(cache.pop_oldest(), 3);
  EXPECT_EQ(cache.pop_oldest(), 1);
  EXPECT_TRUE(cache.empty());
}

TEST(LruCache, PeekingLeavesTheOrder) {
  LruCache<std::string, int> cache;
  cache.insert("a", 1);
  cache.insert("b", 2);
  cache.peek("a");
  EXPECT_EQ(cache.oldest().first, "a");
  EXPECT_EQ(cache.begin()->first, "b");
}

TEST(LruCache, HandsOverWhatIsTaken) {
  LruCache<std::string, std::unique_ptr<int>> cache;
  cache.insert("a", std::make_unique<int>(1));
  const auto taken = cache.take("a");
  EXPECT_EQ(*taken, 1);
  EXPECT_EQ(cache.find("a"), nullptr);
}

}  // namespace
}  // namespace wasm_server
