#include "base/digest.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

// FIPS 180-4's example messages.
TEST(Digest, AgreesWithThePublishedExamples) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, IsTheSameFromEveryThread) {
  const Digest expected = sha256("module");
  std::vector<Digest> digests(4);
  {
    std::vector<std::jthread> threads;
    for (Digest& digest : digests) threads.emplace_back([&digest] { digest = sha256("module"); });
  }
  for (const Digest& digest : digests) EXPECT_EQ(digest, expected);
}

TEST(Digest, HashesDifferentDigestsDifferently) {
  EXPECT_NE(std::hash<Digest>{}(sha256("a")), std::hash<Digest>{}(sha256("b")));
}

}  // namespace
}  // namespace wasm_server
