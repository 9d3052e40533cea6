#include "base/aead.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace wasm_server {
namespace {

AeadKey key_of(std::uint8_t byte) {
  AeadKey key{};
  key.fill(byte);
  return key;
}

TEST(Aead, GivesBackWhatWasSealed) {
  for (const std::string& text : {std::string(), std::string("x"), std::string(100'000, '\0')})
    EXPECT_EQ(unseal(key_of(1), "name", seal(key_of(1), "name", text)), text);
}

TEST(Aead, HidesTheTextAndThatTwoAreEqual) {
  const std::string sealed = seal(key_of(1), "name", "a long secret text");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_NE(sealed, seal(key_of(1), "name", "a long secret text"));
}

TEST(Aead, OpensNothingElse) {
  const std::string sealed = seal(key_of(1), "name", "text");
  EXPECT_EQ(unseal(key_of(2), "name", sealed), std::nullopt);
  EXPECT_EQ(unseal(key_of(1), "other", sealed), std::nullopt);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] ^= 1;
    EXPECT_EQ(unseal(key_of(1), "name", changed), std::nullopt) << i;
    EXPECT_EQ(unseal(key_of(1), "name", sealed.substr(0, i)), std::nullopt) << i;
  }
}

// The GCM specification's test case 16 (McGrew and Viega, appendix B).
TEST(Aead, IsAes256Gcm) {
  const auto bytes = [](std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2)
      out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
  };
  const std::string raw = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  AeadKey key{};
  std::ranges::copy(raw, key.begin());
  const std::string sealed = bytes("cafebabefacedbaddecaf888") +
                             bytes(
                                 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                                 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662") +
                             bytes("76fc6ece0f4e1768cddf8853bb2d551b");
  EXPECT_EQ(unseal(key, bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed),
            bytes("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"));
}

}  // namespace
}  // namespace wasm_server
