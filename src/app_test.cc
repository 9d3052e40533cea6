#include "app.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_directory.h"
#include "testing/test_client.h"

namespace {

std::atomic<bool> disk_is_broken{false};

}  // namespace

// In front of the C library's.
extern "C" int fdatasync(int fd) {
  if (!disk_is_broken) return static_cast<int>(syscall(SYS_fdatasync, fd));
  errno = EIO;
  return -1;
}

namespace wasm_server {
namespace {

using testing::HasSubstr;

constexpr std::string_view kAdd =
    "(module (func (export \"add\") (param $a i32) (param $b i32) (result i32)"
    " (i32.add (local.get $a) (local.get $b))))";
const std::vector<std::pair<std::string, std::string>> kWat = {{"Content-Type", "text/wat"}};
const std::vector<std::pair<std::string, std::string>> kJson = {
    {"Content-Type", "application/json"}};

class AppTest : public testing::Test {
 protected:
  ServeConfig config() const {
    ServeConfig config;
    config.listen = "127.0.0.1:0";
    config.data = directory_.path() / "data";
    config.workers = 2;
    config.engine.pool_slots = 40;
    config.grace = std::chrono::milliseconds{1000};
    return config;
  }

  TemporaryDirectory directory_;
};

TEST_F(AppTest, StoresExecutesAndKeepsWhatItStored) {
  {
    App app(config());
    ASSERT_TRUE(app.start());
    TestClient client(app.address());
    EXPECT_EQ(client.request("GET", "/readyz")->status, 200U);
    EXPECT_EQ(client.request("POST", "/wasm?id=add", kAdd, kWat)->status, 201U);
    EXPECT_EQ(client.request("POST", "/wasm/add", "[2,40]", kJson)->body, R"({"results":[42]})");
    app.stop();
  }
  App again(config());
  ASSERT_TRUE(again.start());
  TestClient client(again.address());
  EXPECT_EQ(client.request("POST", "/wasm/add", R"({"args":{"b":1,"a":2}})", kJson)->body,
            R"({"results":[3]})");
  again.stop();
}

TEST_F(AppTest, TakesNoTrafficWhenItsStoreIsLost) {
  App app(config());
  ASSERT_TRUE(app.start());
  TestClient client(app.address());
  EXPECT_EQ(client.request("POST", "/wasm?id=add", kAdd, kWat)->status, 201U);
  EXPECT_FALSE(app.lost_store());
  disk_is_broken = true;
  EXPECT_EQ(client.request("POST", "/wasm?id=other", kAdd, kWat)->status, 500U);
  EXPECT_TRUE(app.lost_store());
  EXPECT_EQ(client.request("GET", "/readyz")->status, 503U);
  disk_is_broken = false;
  EXPECT_EQ(client.request("POST", "/wasm?id=again", kAdd, kWat)->status, 500U);
  app.stop();
}

TEST_F(AppTest, SaysInOneLineWhyItCannotStart) {
  App first(config());
  ASSERT_TRUE(first.start());

  App second(config());
  const auto same_directory = second.start();
  ASSERT_FALSE(same_directory);
  EXPECT_THAT(same_directory.error().message, HasSubstr(config().data.string()));

  ServeConfig same_port = config();
  same_port.listen = first.address();
  same_port.data = directory_.path() / "other";
  App third(same_port);
  const auto port = third.start();
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error().message, HasSubstr("in use"));
  EXPECT_EQ(port.error().message.find('\n'), std::string::npos);

  ServeConfig no_directory = config();
  no_directory.data = directory_.path() / "file";
  std::ofstream(no_directory.data) << "x";
  App fourth(no_directory);
  EXPECT_FALSE(fourth.start());
  first.stop();
}

TEST_F(AppTest, StopsWhileAGuestSpinsAndAClientSleeps) {
  ServeConfig quick = config();
  quick.grace = std::chrono::milliseconds{50};
  App app(quick);
  ASSERT_TRUE(app.start());
  TestClient client(app.address());
  ASSERT_EQ(
      client.request("POST", "/wasm?id=spin", "(module (func (export \"f\") (loop br 0)))", kWat)
          ->status,
      201U);
  ASSERT_TRUE(client.send("POST /wasm/spin HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
  TestClient idle(app.address());
  EXPECT_EQ(idle.request("GET", "/healthz")->status, 200U);
  app.stop();
  EXPECT_TRUE(idle.closes_within(std::chrono::seconds{10}));
}

TEST_F(AppTest, CountsWhatGuestsTakeInItsBudget) {
  ServeConfig little = config();
  little.memory_budget_bytes = 32U << 20;
  App app(little);
  EXPECT_EQ(app.memory().limit(), 32U << 20);
  ASSERT_TRUE(app.start());
  TestClient client(app.address());
  constexpr std::string_view kGrow =
      "(module (memory 1) (func (export \"grow\") (param i32) (result i32)"
      " (memory.grow (local.get 0))))";
  EXPECT_EQ(client.request("POST", "/wasm?id=grow", kGrow, kWat)->status, 201U);
  EXPECT_EQ(client.request("POST", "/wasm/grow", "[160]", kJson)->body, "{\"results\":[1]}");
  EXPECT_EQ(client.request("POST", "/wasm/grow", "[640]", kJson)->body, "{\"results\":[-1]}");
  while (app.memory().used() != 0) std::this_thread::yield();  // released after the answer
  app.stop();
}

TEST_F(AppTest, HasABudgetByDefault) {
  const App app(config());
  EXPECT_GT(app.memory().limit(), 64U << 20);
  EXPECT_LT(app.memory().limit(), MemoryBudget::kUnlimited);
}

}  // namespace
}  // namespace wasm_server
