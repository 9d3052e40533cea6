#include "http/transport/listen.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

Result<void> listen_on(Acceptor& acceptor, std::string_view text) {
  const auto address = parse_listen_address(text);
  if (!address) return std::unexpected{address.error()};
  return listen(acceptor, *address);
}

class Listen : public testing::Test {
 protected:
  asio::io_context context_;
  Acceptor acceptor_{context_};
};

TEST_F(Listen, TakesAFreePortAndTellsIt) {
  ASSERT_TRUE(listen_on(acceptor_, "127.0.0.1:0"));
  const std::string address = bound_address(acceptor_);
  EXPECT_TRUE(address.starts_with("127.0.0.1:")) << address;
  EXPECT_NE(address, "127.0.0.1:0");
}

TEST_F(Listen, ResolvesNames) { EXPECT_TRUE(listen_on(acceptor_, "localhost:0")); }

TEST_F(Listen, SaysInOneLineThatThePortIsInUse) {
  ASSERT_TRUE(listen_on(acceptor_, "127.0.0.1:0"));
  const std::string address = bound_address(acceptor_);
  Acceptor second(context_);
  const auto failed = listen_on(second, address);
  ASSERT_FALSE(failed);
  const std::string port = address.substr(address.find(':') + 1);
  EXPECT_EQ(failed.error().message, "port " + port + " on 127.0.0.1 is already in use");
}

TEST_F(Listen, NamesAForeignAddress) {
  const auto failed = listen_on(acceptor_, "192.0.2.1:0");  // documentation only, RFC 5737
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "192.0.2.1 is not an address of this machine");
}

TEST_F(Listen, NamesAnUnknownHost) {
  const auto failed = listen_on(acceptor_, "no-such-host.invalid:0");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "unknown host \"no-such-host.invalid\"");
}

TEST(ListenAddress, SplitsHostAndPort) {
  EXPECT_EQ(parse_listen_address("0.0.0.0:8080")->host, "0.0.0.0");
  EXPECT_EQ(parse_listen_address("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_listen_address("[::1]:65535")->port, "65535");
}

TEST(ListenAddress, RefusesEverythingElse) {
  for (const char* bad :
       {"", "8080", ":8080", "a:", "a:b", "a:-1", "a:65536", "::1:80", "[::1]", "[]:1", "a:1x"}) {
    EXPECT_FALSE(parse_listen_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace wasm_server
