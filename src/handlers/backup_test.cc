#include "handlers/backup.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "backup/backup_reader.h"
#include "handlers/handler_test.h"
#include "store/backup/restore_writer.h"
#include "store/store_check.h"
#include "testing/eventually.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

constexpr std::size_t kCode = 1'000'000;

// Enough that a connection's buffers do not hold it.
constexpr unsigned kCodes = 60;

class BackupHandler : public HandlerTest {
 protected:
  void fill(unsigned codes) {
    for (unsigned i = 0; i < codes; ++i)
      ASSERT_TRUE(put_module(*test_store_, "m" + std::to_string(i), patterned(kCode, i + 1)));
  }

  // Of an answer that has begun; behind its head come the bytes of the chunked coding.
  static std::string id_in(const std::string& answer) {
    BackupVisitor nothing;
    BackupReader reader{nothing};
    static_cast<void>(reader.push(std::string_view{answer}.substr(answer.find(kBackupMagic))));
    EXPECT_TRUE(reader.head().has_value());
    return reader.head() ? to_text(reader.head()->id) : "";
  }

  // A client that reads the begin of one and then nothing.
  TestClient slow_reader(const std::string& query = {}) {
    TestClient client{server_.address()};
    client.set_receive_buffer(4096);
    EXPECT_TRUE(client.send("GET /backup" + query + " HTTP/1.1\r\nHost: " + server_.address() +
                            "\r\n\r\n"));
    return client;
  }
  static std::string begin_of(TestClient& client) {
    std::string bytes;
    for (std::string piece = "x"; bytes.size() < 100'000 && !piece.empty(); bytes += piece)
      piece = client.receive_raw(100'000 - bytes.size());
    return bytes;
  }
};

TEST_F(BackupHandler, GivesAllThatIsStored) {
  fill(3);
  const TestReply reply = call("GET", "/backup");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.header("content-type"), "application/octet-stream");
  EXPECT_EQ(reply.header("cache-control"), "no-store");
  EXPECT_TRUE(reply.complete);
  const TestStore other;
  RestoreWriter writer{*other};
  BackupReader reader{writer};
  ASSERT_TRUE(reader.push(reply.body));
  ASSERT_TRUE(reader.finish());
  ASSERT_TRUE(writer.finish());
  EXPECT_TRUE(check_store(*other).damage.empty());
  EXPECT_EQ(other.modules().read_code(sha256(patterned(kCode, 2))).value(), patterned(kCode, 2));
}

TEST_F(BackupHandler, HeadMakesNone) {
  const TestReply reply = call("HEAD", "/backup");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.body, "");
}

TEST_F(BackupHandler, GoesOnFromEachByteWhereAConnectionBroke) {
  fill(kCodes);
  std::string id;
  std::size_t got = 0;
  {
    auto client = slow_reader();
    id = id_in(begin_of(client));
    got = 40;
    client.reset();
  }
  const std::string from = "/backup?from=" + id + ":";
  const TestReply rest = call("GET", from + std::to_string(got));
  ASSERT_EQ(rest.status, 200U) << rest.body;
  ASSERT_TRUE(rest.complete);
  // It was read to its end, and is forgotten.
  EXPECT_EQ(call("GET", from + "0").status, 404U);
  const TestReply whole = call("GET", "/backup");
  EXPECT_EQ(rest.body.size(), whole.body.size() - got);
}

TEST_F(BackupHandler, TakesOverFromAConnectionThatHangs) {
  fill(kCodes);
  auto first = slow_reader();
  const std::string id = id_in(begin_of(first));
  const TestReply rest = call("GET", "/backup?from=" + id + ":0");
  EXPECT_EQ(rest.status, 200U);
  EXPECT_TRUE(rest.complete);
  BackupVisitor nothing;
  BackupReader reader{nothing};
  EXPECT_TRUE(reader.push(rest.body));
  EXPECT_TRUE(reader.finish());
}

TEST_F(BackupHandler, RefusesAThirdOne) {
  fill(kCodes);
  auto first = slow_reader();
  auto second = slow_reader();
  begin_of(first);
  begin_of(second);
  const TestReply refused = call("GET", "/backup");
  EXPECT_EQ(refused.status, 503U);
  EXPECT_NE(refused.header("retry-after"), "");
  first.reset();
  // When the server knows that, it makes way for another.
  EXPECT_TRUE(eventually([&] { return call("GET", "/backup").status == 200U; }));
}

TEST_F(BackupHandler, ForgetsAfterAWhileWhatNobodyGoesOnWith) {
  fill(kCodes);
  auto client = slow_reader();
  const std::string id = id_in(begin_of(client));
  client.reset();
  const auto later = std::chrono::steady_clock::now() + std::chrono::minutes{11};
  backup_service_.drop_old(later - std::chrono::minutes{10});
  EXPECT_TRUE(eventually([&] {
    backup_service_.drop_old(later);
    return call("GET", "/backup?from=" + id + ":0").status == 404U;
  }));
}

TEST_F(BackupHandler, RefusesWhatIsNoPlaceInABackup) {
  for (const char* from :
       {"", "x", "12:3", "00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff:x",
        "00112233445566778899aabbccddeeff:-1"}) {
    EXPECT_EQ(call("GET", std::string("/backup?from=") + from).status, 400U) << from;
  }
  EXPECT_EQ(call("GET", "/backup?from=00112233445566778899aabbccddeeff:0").status, 404U);
}

}  // namespace
}  // namespace wasm_server
