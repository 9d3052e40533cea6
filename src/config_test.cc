#include "config.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_flags.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

Command parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "wasm-server");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

ServeConfig config_of(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "serve");
  auto parsed = parse(std::move(flags));
  if (const auto* refused = std::get_if<ExitNow>(&parsed)) ADD_FAILURE() << refused->text;
  return std::get<ServeConfig>(std::move(parsed));
}

ExitNow exit_of(std::vector<const char*> arguments) {
  auto parsed = parse(std::move(arguments));
  return std::get<ExitNow>(std::move(parsed));
}

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

class Config : public testing::Test {
 protected:
  std::string file_of(const std::string& text) {
    const auto path = directory_.path() / "server.toml";
    std::ofstream(path) << text;
    return path.string();
  }

  TemporaryDirectory directory_;
};

TEST_F(Config, HasDefaults) {
  const ServeConfig config = config_of({});
  EXPECT_EQ(config.listen, "127.0.0.1:8080");
  EXPECT_EQ(config.data, "data");
  EXPECT_EQ(config.http.body_bytes, 128U << 20);
  EXPECT_EQ(config.grace, milliseconds{10'000});
  EXPECT_EQ(config.limits.defaults.timeout_ms, 10'000U);
}

TEST_F(Config, ReadsFlagsWithTheirUnits) {
  const ServeConfig config =
      config_of({"--listen", "[::1]:0", "--data=/x y", "--workers", "3", "--max-body-bytes", "2MiB",
                 "--max-header-bytes=4096", "--grace-ms", "0", "--max-memory-bytes", "1GiB"});
  EXPECT_EQ(config.listen, "[::1]:0");
  EXPECT_EQ(config.data, "/x y");
  EXPECT_EQ(config.workers, 3U);
  EXPECT_EQ(config.http.body_bytes, 2U << 20);
  EXPECT_EQ(config.http.header_bytes, 4096U);
  EXPECT_EQ(config.grace, milliseconds{0});
  EXPECT_EQ(config.limits.maxima.memory_bytes, 1U << 30);
  EXPECT_EQ(config.engine.max_memory_bytes, 1U << 30) << "the pool follows the limit";
}

TEST_F(Config, PutsFlagBeforeEnvironmentBeforeFileBeforeDefault) {
  const std::string file =
      file_of("max-body-bytes = 1000\nmax-connections = 7\nread-timeout-ms = 9\n");
  const Variable body("WASM_SERVER_MAX_BODY_BYTES", "2000");
  const Variable connections("WASM_SERVER_MAX_CONNECTIONS", "8");
  const ServeConfig config = config_of({"--config", file.c_str(), "--max-body-bytes", "3000"});
  EXPECT_EQ(config.http.body_bytes, 3000U);
  EXPECT_EQ(config.http.connections, 8U);
  EXPECT_EQ(config.http.read_timeout, milliseconds{9});
  EXPECT_EQ(config.http.write_timeout, milliseconds{30'000});
}

TEST_F(Config, ReadsTheFileThatTheEnvironmentNames) {
  const std::string file = file_of("listen = \"127.0.0.1:9\"\nstore-bytes = \"2GiB\"\n");
  const Variable variable("WASM_SERVER_CONFIG", file.c_str());
  EXPECT_EQ(config_of({}).listen, "127.0.0.1:9");
  EXPECT_EQ(config_of({}).store.max_bytes, 2ULL << 30);
  const std::string missing = file + ".not";
  const Variable other("WASM_SERVER_CONFIG", missing.c_str());
  EXPECT_EQ(exit_of({"serve"}).code, 2);
}

TEST_F(Config, RefusesWrongUsageInOneLine) {
  const std::string unknown = file_of("max-bodies = 1\n");
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"nobody"},
      {"serve", "--nobody"},
      {"serve", "stray"},
      {"serve", "--listen", "nonsense"},
      {"serve", "--listen", "127.0.0.1:99999"},
      {"serve", "--workers", "-1"},
      {"serve", "--workers", "two"},
      {"serve", "--workers", "1000000"},
      {"serve", "--workers"},
      {"serve", "--max-body-bytes", "1 parsec"},
      {"serve", "--max-body-bytes", "99999999999999999999"},
      {"serve", "--max-header-bytes", "4GiB"},
      {"serve", "--max-header-bytes", "16777217"},
      {"serve", "--read-timeout-ms", "0"},
      {"serve", "--log-level", "loud"},
      {"serve", "--config", "/not/there.toml"},
      {"serve", "--config", unknown.c_str()},
  };
  for (const auto& arguments : wrong) {
    const ExitNow refused = exit_of(arguments);
    EXPECT_EQ(refused.code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(refused.text, StartsWith("wasm-server: "));
    EXPECT_EQ(refused.text.find('\n'), refused.text.size() - 1) << refused.text;
  }
}

TEST_F(Config, SaysItsVersionAndUsage) {
  EXPECT_EQ(exit_of({"--version"}).text, "wasm-server 0.1.0\n");
  EXPECT_EQ(exit_of({"--version"}).code, 0);
  EXPECT_NE(exit_of({"routes"}).text.find(R"("name":"add_wasm")"), std::string::npos);
  EXPECT_THAT(exit_of({"--help"}).text, HasSubstr("serve"));
}

TEST_F(Config, ListsEverySettingWithItsVariableUnitAndDefault) {
  const ExitNow help = exit_of({"serve", "--help"});
  EXPECT_EQ(help.code, 0);
  ServeConfig config;
  CLI::App app;
  add_serve_flags(app, config);
  std::size_t settings = 0;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_name() == "--help") continue;
    ++settings;
    EXPECT_THAT(help.text, HasSubstr(option->get_name() + " "));
    EXPECT_THAT(help.text, HasSubstr(environment_name(option->get_name().substr(2))));
    const bool is_switch = option->get_items_expected_max() == 0;  // off unless it is given
    EXPECT_NE(is_switch, !option->get_type_name().empty() && !option->get_default_str().empty())
        << option->get_name();
    EXPECT_FALSE(option->get_description().empty()) << option->get_name();
  }
  EXPECT_GT(settings, 30U);
  EXPECT_THAT(help.text, HasSubstr("128MiB"));
}

TEST_F(Config, TakesItsOwnDefaultsAsValues) {
  ServeConfig config;
  CLI::App app;
  add_serve_flags(app, config);
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_name() != "--help")
      flags.push_back(option->get_name() + "=" + option->get_default_str());
  }
  std::vector<const char*> arguments;
  for (const std::string& flag : flags) arguments.push_back(flag.c_str());
  const ServeConfig again = config_of(arguments);
  EXPECT_EQ(again.http.body_memory_bytes, config.http.body_memory_bytes);
  EXPECT_EQ(again.store.max_bytes, config.store.max_bytes);
  EXPECT_EQ(again.engine.pool_slots, config.engine.pool_slots);
}

}  // namespace
}  // namespace wasm_server
