#include "engine/egress.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "engine/engine_component.h"

namespace wasm_server {
namespace {

engine_text_t text_of(std::string_view text) { return {text.data(), text.size()}; }

bool allows(std::string_view pattern, std::string_view url) {
  EXPECT_TRUE(is_egress_pattern(pattern)) << pattern;
  return engine_egress_pattern_allows(text_of(pattern), text_of(url));
}

bool may_connect(std::string_view address, bool private_allowed = false) {
  return engine_egress_may_connect(text_of(address), private_allowed);
}

TEST(EgressPattern, NamesOneHostAtThePortOfTheScheme) {
  EXPECT_TRUE(allows("api.example.org", "https://api.example.org/x?y"));
  EXPECT_TRUE(allows("api.example.org", "http://api.example.org/"));
  EXPECT_TRUE(allows("api.example.org", "https://api.example.org:443/"));
  EXPECT_FALSE(allows("api.example.org", "https://api.example.org:80/"));
  EXPECT_FALSE(allows("api.example.org", "http://api.example.org:443/"));
  EXPECT_FALSE(allows("api.example.org", "https://api.example.org:8443/"));
  EXPECT_FALSE(allows("api.example.org", "https://example.org/"));
  EXPECT_FALSE(allows("api.example.org", "https://x.api.example.org/"));
  EXPECT_FALSE(allows("api.example.org", "https://api.example.org.evil.net/"));
}

TEST(EgressPattern, NamesAPort) {
  EXPECT_TRUE(allows("a.org:8443", "https://a.org:8443/"));
  EXPECT_TRUE(allows("a.org:8443", "http://a.org:8443/"));
  EXPECT_TRUE(allows("a.org:443", "https://a.org/"));
  EXPECT_FALSE(allows("a.org:8443", "https://a.org/"));
}

TEST(EgressPattern, NamesAllHostsBelowASuffix) {
  EXPECT_TRUE(allows("*.example.net", "https://a.example.net/"));
  EXPECT_TRUE(allows("*.example.net", "https://b.a.example.net/"));
  EXPECT_TRUE(allows("*.example.net:81", "https://a.example.net:81/"));
  EXPECT_FALSE(allows("*.example.net", "https://example.net/"));
  EXPECT_FALSE(allows("*.example.net", "https://badexample.net/"));
  EXPECT_FALSE(allows("*.example.net", "https://a.example.net.evil.org/"));
}

TEST(EgressPattern, ComparesNamesInLowerCaseWithoutADotAtTheirEnd) {
  EXPECT_TRUE(allows("API.Example.org", "https://api.eXample.ORG/"));
  EXPECT_TRUE(allows("api.example.org", "https://api.example.org./"));
  EXPECT_TRUE(allows("*.Example.net", "https://A.example.net./"));
}

TEST(EgressPattern, NamesAnAddressInAnySpellingOfIPv6) {
  EXPECT_TRUE(allows("192.0.2.1:80", "http://192.0.2.1/"));
  EXPECT_TRUE(allows("[2001:DB8::1]", "https://[2001:db8:0:0::1]/"));
  EXPECT_TRUE(allows("[2001:db8::1]:81", "https://[2001:db8::1]:81/"));
  EXPECT_FALSE(allows("192.0.2.1", "http://192.0.2.2/"));
}

// What two readers could take for two hosts is none.
TEST(EgressPattern, AllowsNoUrlThatIsOdd) {
  for (const char* odd :
       {"https://user@a.org/", "https://user:word@a.org/", "https://a.org:/", "https://a.org:0/",
        "https://a.org:65979/", "https://a.org:+443/", "ftp://a.org/", "a.org", "https:///",
        "https://a..org/", "https://a.org%2f.b.org/", "*"}) {
    EXPECT_FALSE(allows("a.org", odd)) << odd;
  }
  for (const char* number : {"2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0x7f000001",
                             "1.2.3.4.5", "127.0.0.1.", "[::1", "[::1%1]", "::1"}) {
    EXPECT_FALSE(is_egress_pattern(number)) << number;
    EXPECT_FALSE(allows("127.0.0.1", "http://" + std::string(number) + "/")) << number;
  }
}

TEST(EgressAddress, IsOnTheInternet) {
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.0.1", "100.128.0.1",
        "192.167.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:4860::8888",
        "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}) {
    EXPECT_TRUE(may_connect(address)) << address;
  }
}

TEST(EgressAddress, IsPrivateWhereTheOperatorAllowsIt) {
  for (const char* address : {"127.0.0.1",
                              "127.255.255.255",
                              "10.0.0.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "100.127.255.255",
                              "198.18.0.1",
                              "::1",
                              "fc00::1",
                              "fdff::1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "::ffff:127.0.0.1",
                              "::ffff:169.254.169.254",
                              "::ffff:a00:1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2002:c0a8:101::1",
                              "2002:a9fe:a9fe::"}) {
    EXPECT_FALSE(may_connect(address)) << address;
    EXPECT_TRUE(may_connect(address, true)) << address;
  }
}

TEST(EgressAddress, IsNowhere) {
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "192.0.2.1",
                              "198.51.100.1",
                              "203.0.113.1",
                              "192.0.0.1",
                              "::",
                              "ff02::1",
                              "2001:db8::1",
                              "3fff::1",
                              "2001::1",
                              "2001:2::1",
                              "100::1",
                              "::127.0.0.1",
                              "::ffff:0:127.0.0.1",
                              "::ffff:0.0.0.0",
                              "64:ff9b::",
                              "2002::1",
                              "2002:e000:1::",
                              "4000::1",
                              "5f00::1",
                              "none"}) {
    EXPECT_FALSE(may_connect(address)) << address;
    EXPECT_FALSE(may_connect(address, true)) << address;
  }
}

}  // namespace
}  // namespace wasm_server
