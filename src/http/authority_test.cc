#include "http/authority.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

void expect(std::string_view text, std::string_view host, std::optional<std::uint16_t> port) {
  const auto found = parse_authority(text);
  ASSERT_TRUE(found) << text;
  EXPECT_EQ(found->host, host) << text;
  EXPECT_EQ(found->port, port) << text;
}

TEST(Authority, IsAHostAndPerhapsAPort) {
  expect("", "", {});
  expect("example.org", "example.org", {});
  expect("example.org:", "example.org", {});
  expect("example.org:8080", "example.org", 8080);
  expect("127.0.0.1:65535", "127.0.0.1", 65535);
  expect("[::1]", "::1", {});
  expect("[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80);
  expect("a%20b", "a%20b", {});
}

TEST(Authority, IsNothingElse) {
  for (const char* bad : {"a:b", "a:1:2", "[::1", "::1", "[::1]80", "[::1]:x", "[]", "[a]", "a b",
                          "a:65536", "a:-1", "a:+1", "user@a", "a/b", "a]", "[::1]]", "a[::1]"}) {
    EXPECT_FALSE(parse_authority(bad)) << bad;
  }
}

}  // namespace
}  // namespace wasm_server
