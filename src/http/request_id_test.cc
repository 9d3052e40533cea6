#include "http/request_id.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(RequestId, TakesOverWhatIsHarmless) {
  for (const char* good : {"1", "0192f0c4-7b1e-7abc", "a.b_c:d/e+f=@", "00-4bf92f35-01"}) {
    EXPECT_TRUE(is_request_id(good)) << good;
  }
  EXPECT_TRUE(is_request_id(std::string(128, 'x')));
}

TEST(RequestId, RefusesWhatIsNot) {
  for (const char* bad : {"", "a b", "a\"b", "a\\b", "<x>", "\xc3\xbc", "a\tb", "{}"}) {
    EXPECT_FALSE(is_request_id(bad)) << bad;
  }
  EXPECT_FALSE(is_request_id(std::string(129, 'x')));
}

TEST(RequestIds, NeverRepeat) {
  RequestIds one;
  RequestIds other;
  std::string a, b, c;
  one.next(a);
  one.next(b);
  other.next(c);
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
  EXPECT_TRUE(is_request_id(a)) << a;
}

}  // namespace
}  // namespace wasm_server
