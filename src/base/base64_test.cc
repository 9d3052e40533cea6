#include "base/base64.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

// RFC 4648, section 10.
TEST(Base64, AgreesWithThePublishedVectors) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(encode_base64(plain), text);
    EXPECT_EQ(decode_base64(text), plain);
  }
}

TEST(Base64, ReturnsEveryByteAsItWas) {
  std::string data;
  for (int length = 0; length < 300; ++length) {
    EXPECT_EQ(decode_base64(encode_base64(data)), data) << length;
    data += static_cast<char>(length * 7);
  }
}

TEST(Base64, RefusesWhatIsNotExactlyStandardBase64) {
  for (const char* text :
       {"Z",        "Zg",         "Zg=",       "Zg===",    "====", "Z===",     "Zm9v\n", "\nZm9",
        " Zm9v",    "Zm9v    ",   "Zm 9",      "Zm9-",     "Zm9_", "Zg==Zg==", "Zm=v",   "Zm9v----",
        "    Zm9v", "Zm9v\r\nYg", "Zm9vY\n==", "\n\n\n\n", "-m9v", "Zm9vAAA-", "AA\0A"}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
  EXPECT_EQ(decode_base64(std::string_view("AA\0A", 4)), std::nullopt);
  EXPECT_EQ(decode_base64("AA\xffZ"), std::nullopt);
}

TEST(Base64, RefusesUnusedBitsThatAreNotZero) {
  EXPECT_EQ(decode_base64("Zh=="), std::nullopt);
  EXPECT_EQ(decode_base64("Zm9="), std::nullopt);
}

TEST(Base64, RefusesEveryForeignCharacterAtEveryPlace) {
  const std::string good = "Zm9vYmFy";
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t place = 0; place < good.size(); ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[place] = static_cast<char>(byte);
      const bool good_char = alphabet.find(text[place]) != std::string::npos;
      EXPECT_EQ(decode_base64(text).has_value(), good_char) << place << " " << byte;
    }
  }
}

TEST(Base64, IsAppendedToWhatIsThere) {
  std::string text = "begin:";
  append_base64(text, "foob");
  append_base64(text, "");
  append_base64(text, "fo");
  EXPECT_EQ(text, "begin:Zm9vYg==Zm8=");
}

}  // namespace
}  // namespace wasm_server
