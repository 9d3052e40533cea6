#include "cli/connection/connection.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_directory.h"

namespace wasm_server::cli {
namespace {

using testing::HasSubstr;

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("WASM_SERVER_URL");
    unsetenv("WASM_SERVER_TOKEN");
    setenv("XDG_CONFIG_HOME", directory_.path().c_str(), 1);
    std::filesystem::create_directory(client_config_file().parent_path());
  }
  void TearDown() override {
    unsetenv("WASM_SERVER_URL");
    unsetenv("WASM_SERVER_TOKEN");
    unsetenv("XDG_CONFIG_HOME");
  }

  static void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(client_config_file()) << text;
    ASSERT_EQ(chmod(client_config_file().c_str(), mode), 0);
  }

  static Connection chosen(const ConnectionFlags& flags = {}) {
    auto connection = choose_connection(flags);
    if (!connection) ADD_FAILURE() << connection.error().message;
    return connection.value_or(Connection{});
  }

  static std::string refusal(const ConnectionFlags& flags = {}) {
    const auto connection = choose_connection(flags);
    return connection ? "" : connection.error().message;
  }

  TemporaryDirectory directory_;
};

constexpr const char* kTwoServers =
    "server = \"work\"\n"
    "[servers.work]\nurl = \"https://wasm.example.org/\"\ntoken = \"wsk_work\"\n"
    "[servers.home]\nurl = \"http://home:8080\"\nca-file = \"/ca.pem\"\n";

TEST_F(ConnectionTest, HasADefault) {
  EXPECT_EQ(chosen().address.url, "http://127.0.0.1:8080");
  EXPECT_EQ(chosen().server_from, "default");
  EXPECT_EQ(chosen().address.token, "");
}

TEST_F(ConnectionTest, PutsFlagBeforeEnvironmentBeforeFile) {
  write(kTwoServers);
  EXPECT_EQ(chosen().address.url, "https://wasm.example.org");
  EXPECT_EQ(chosen().address.token, "wsk_work");
  EXPECT_EQ(chosen().token_from, client_config_file().string());
  setenv("WASM_SERVER_URL", "http://env:1", 1);
  EXPECT_EQ(chosen().address.url, "http://env:1");
  EXPECT_EQ(chosen().server_from, "WASM_SERVER_URL");
  EXPECT_EQ(chosen({.server = "home", .token = {}, .ca_file = {}}).address.url, "http://home:8080");
  EXPECT_EQ(chosen({.server = "home", .token = {}, .ca_file = {}}).address.ca_file, "/ca.pem");
  setenv("WASM_SERVER_TOKEN", "wsk_env", 1);
  EXPECT_EQ(chosen().address.token, "wsk_env");
  EXPECT_EQ(chosen({.server = {}, .token = "wsk_flag", .ca_file = {}}).address.token, "wsk_flag");
}

TEST_F(ConnectionTest, GivesATokenOfTheFileToItsOwnServerOnly) {
  write(kTwoServers);
  EXPECT_EQ(chosen({.server = "https://elsewhere.org", .token = {}, .ca_file = {}}).address.token,
            "");
  EXPECT_EQ(chosen({.server = "home", .token = {}, .ca_file = {}}).address.token, "");
  EXPECT_EQ(
      chosen({.server = "https://wasm.example.org", .token = {}, .ca_file = {}}).address.token,
      "wsk_work");
}

TEST_F(ConnectionTest, WantsATokenToBeItsOwnersAlone) {
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    write(kTwoServers, mode);
    EXPECT_THAT(refusal(), HasSubstr("run: chmod 600 ")) << mode;
  }
  write("[servers.home]\nurl = \"http://home\"\n", 0644);
  EXPECT_EQ(refusal(), "") << "nothing in it is secret";
}

TEST_F(ConnectionTest, RefusesUnknownKeysWithTheNearestName) {
  write("[servers.a]\nurl = \"http://a\"\ntokn = \"x\"\n");
  EXPECT_THAT(refusal(), HasSubstr("unknown key \"servers.a.tokn\"; did you mean \"token\"?"));
  write("sever = \"a\"\n");
  EXPECT_THAT(refusal(), HasSubstr("unknown key \"sever\"; did you mean \"server\"?"));
  write("[serves.a]\nurl = \"http://a\"\n");
  EXPECT_THAT(refusal(), HasSubstr("unknown section [serves.a]"));
}

TEST_F(ConnectionTest, RefusesAFileThatIsWrong) {
  write("[servers.a]\ntoken = \"x\"\n");
  EXPECT_THAT(refusal(), HasSubstr("server \"a\" has no url"));
  write("[servers.a]\nurl = \"ftp://a\"\n");
  EXPECT_THAT(refusal(), HasSubstr("\"ftp://a\" is no server's URL"));
  write("server = \"work\"\n[servers.wark]\nurl = \"http://a\"\n");
  EXPECT_THAT(refusal(), HasSubstr("no server \"work\""));
  EXPECT_THAT(refusal(), HasSubstr("did you mean \"wark\"?"));
}

TEST_F(ConnectionTest, RefusesWhatIsNoUrl) {
  for (const char* url : {"http://", "https://a b", "http://a?x", "http://a\r\nX: y", "://x"}) {
    EXPECT_THAT(refusal({.server = url, .token = {}, .ca_file = {}}), HasSubstr("is no server's"))
        << url;
  }
  EXPECT_THAT(refusal({.server = {}, .token = "a\r\nX-Y: z", .ca_file = {}}),
              HasSubstr("the token of --token is none"));
  EXPECT_EQ(*checked_url("HTTP://Host:1///"), "HTTP://Host:1");
}

}  // namespace
}  // namespace wasm_server::cli
