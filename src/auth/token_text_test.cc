#include "auth/token_text.h"

#include <set>

#include <gtest/gtest.h>

#include "base/id.h"

namespace wasm_server {
namespace {

TEST(TokenText, SaysWhoseItIs) {
  const std::string id = make_token_id();
  EXPECT_TRUE(is_valid_id(id));
  const std::string text = make_token_text(id);
  EXPECT_EQ(text.size(), 4 + id.size() + 1 + 43 + 6);
  EXPECT_EQ(token_id_of(text), id);
  EXPECT_EQ(token_id_of("wsk_a_" + std::string(43, '0') + "0dKUKE"), std::nullopt);
}

TEST(TokenText, IsAnotherEachTime) {
  std::set<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.insert(make_token_text("a"));
  EXPECT_EQ(texts.size(), 100U);
}

TEST(TokenText, IsToldFromWhatWasNotCopiedRight) {
  const std::string text = make_token_text("abc");
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = other[i] == 'x' ? 'y' : 'x';
    EXPECT_EQ(token_id_of(other), std::nullopt) << other;
    EXPECT_EQ(token_id_of(text.substr(0, i)), std::nullopt);
  }
  for (const char* none : {"", "wsk_", "wsk__", "secret", "wsk_a_b"})
    EXPECT_EQ(token_id_of(none), std::nullopt);
  EXPECT_EQ(token_id_of(text + "0"), std::nullopt);
}

TEST(TokenText, ComparesHashes) {
  const Digest hash = hash_of_token("a");
  EXPECT_TRUE(is_same_hash(hash, hash_of_token("a")));
  EXPECT_FALSE(is_same_hash(hash, hash_of_token("b")));
}

}  // namespace
}  // namespace wasm_server
