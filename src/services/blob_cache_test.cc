#include "services/blob_cache.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/test_store.h"

namespace wasm_server {
namespace {

class BlobCacheTest : public testing::Test {
 protected:
  Digest store(char with, std::size_t size = 1000) {
    const std::string code(size, with);
    EXPECT_TRUE(put_module(*test_store_, std::string(1, with), code));
    return sha256(code);
  }

  // What a second reader gets.
  SharedBytes again(BlobCache& cache, const Digest& digest, std::size_t size = 1000) {
    EXPECT_TRUE(cache.find(digest, size).has_value());
    return cache.find(digest, size).value();
  }

  TestStore test_store_;
  const ModuleRepository& store_ = test_store_.modules();
};

TEST_F(BlobCacheTest, SharesWhatIsReadAgain) {
  BlobCache cache(store_, {.cached = 10'000, .in_use = 10'000});
  const Digest digest = store('a');
  EXPECT_EQ(cache.find(digest, 1000).value(), nullptr);
  const SharedBytes first = cache.find(digest, 1000).value();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first, std::string(1000, 'a'));
  EXPECT_EQ(cache.find(digest, 1000).value(), first);
}

TEST_F(BlobCacheTest, DropsTheLeastRecentlyReadBeyondItsBound) {
  BlobCache cache(store_, {.cached = 4'000, .in_use = 100'000});
  const Digest a = store('a');
  const SharedBytes first = again(cache, a);
  std::vector<Digest> others;
  for (const char c : {'b', 'c', 'd', 'e'}) others.push_back(store(c));
  for (const Digest& digest : others) (void)again(cache, digest);
  const SharedBytes later = again(cache, a);
  ASSERT_NE(later, nullptr);
  EXPECT_NE(later, first);
  EXPECT_EQ(*later, *first);
}

TEST_F(BlobCacheTest, LeavesToSlicesWhatIsTooLarge) {
  BlobCache cache(store_, {.cached = 4'000, .in_use = 100'000});
  const Digest digest = store('a', 2'000);
  EXPECT_EQ(again(cache, digest, 2'000), nullptr);
}

// Clients that take nothing must not make it hold without end.
TEST_F(BlobCacheTest, HoldsNoMoreThanItsBoundWithWhatIsStillBeingSent) {
  BlobCache cache(store_, {.cached = 4'000, .in_use = 6'000});
  std::vector<SharedBytes> sending;
  for (const char c : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}) {
    if (SharedBytes code = again(cache, store(c))) sending.push_back(std::move(code));
  }
  EXPECT_EQ(sending.size(), 6U);
  sending.clear();
  EXPECT_NE(again(cache, store('i')), nullptr);
}

TEST_F(BlobCacheTest, HasNothingOfWhatIsNotThere) {
  BlobCache cache(store_, {});
  EXPECT_EQ(again(cache, sha256("nobody")), nullptr);
}

TEST_F(BlobCacheTest, WhatItGaveOutlivesIt) {
  SharedBytes code;
  {
    BlobCache cache(store_, {.cached = 10'000, .in_use = 10'000});
    code = again(cache, store('a'));
  }
  EXPECT_EQ(*code, std::string(1000, 'a'));
}

}  // namespace
}  // namespace wasm_server
