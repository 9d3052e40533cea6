#include "http/h1/body_decoder.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using Status = BodyDecoder::Status;

// A decoder behind a header with these fields.
class Decoding {
 public:
  explicit Decoding(const std::string& fields, std::uint64_t limit = 1U << 20)
      : head_("POST / HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n\r\n") {
    std::size_t consumed = 0;
    EXPECT_EQ(parser_.parse_head(head_.data(), head_, consumed, 1000),
              RequestParser::Status::kDone);
    EXPECT_EQ(consumed, head_.size());
    decoder_.start(parser_, limit);
  }

  // Shows it `bytes` behind what it has not used yet; the data of all steps until it stops.
  std::pair<std::string, Status> decode(std::string_view bytes) {
    pending_ += bytes;
    std::string data;
    for (;;) {
      std::size_t consumed = 0;
      std::string_view piece;
      const Status status = decoder_.decode(pending_, consumed, piece);
      data += piece;
      pending_.erase(0, consumed);
      if (status != Status::kData) return {data, status};
    }
  }

  BodyDecoder& decoder() { return decoder_; }
  const std::string& pending() const { return pending_; }

 private:
  const std::string head_;
  RequestParser parser_;
  BodyDecoder decoder_;
  std::string pending_;
};

using Step = std::pair<std::string, Status>;

TEST(BodyDecoder, HasNothingToDoWithoutABody) {
  Decoding decoding("A: b");
  EXPECT_TRUE(decoding.decoder().has_ended());
  EXPECT_EQ(decoding.decode("GET"), Step("", Status::kEnd));
  EXPECT_EQ(decoding.pending(), "GET");
}

TEST(BodyDecoder, CountsABodyOfKnownLength) {
  Decoding decoding("Content-Length: 10");
  EXPECT_EQ(decoding.decoder().expected(), 10U);
  EXPECT_EQ(decoding.decode("abcd"), Step("abcd", Status::kNeedMore));
  EXPECT_EQ(decoding.decoder().expected(), 6U);
  decoding.decoder().took("ef");
  EXPECT_EQ(decoding.decode("ghijGET"), Step("ghij", Status::kEnd));
  EXPECT_EQ(decoding.pending(), "GET");
}

TEST(BodyDecoder, TakesChunksThatEndAnywhere) {
  const std::string sent = "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n";
  for (std::size_t cut = 0; cut < sent.size(); ++cut) {
    Decoding decoding("Transfer-Encoding: chunked");
    const Step first = decoding.decode(sent.substr(0, cut));
    const Step second = decoding.decode(sent.substr(cut) + "GET");
    EXPECT_EQ(first.second, Status::kNeedMore) << cut;
    EXPECT_EQ(first.first + second.first, "abc0123456789") << cut;
    EXPECT_EQ(second.second, Status::kEnd) << cut;
    EXPECT_EQ(decoding.pending(), "GET") << cut;
  }
}

TEST(BodyDecoder, LetsTheDataOfAChunkBeReadIntoItsPlace) {
  Decoding decoding("Transfer-Encoding: chunked");
  EXPECT_EQ(decoding.decode("6\r\nab"), Step("ab", Status::kNeedMore));
  EXPECT_EQ(decoding.decoder().expected(), 4U);
  decoding.decoder().took("cd");
  EXPECT_EQ(decoding.decoder().expected(), 2U);
  decoding.decoder().took("ef");
  EXPECT_EQ(decoding.decoder().expected(), 0U);
  EXPECT_EQ(decoding.decode("\r\n0\r\n\r\n"), Step("", Status::kEnd));
}

TEST(BodyDecoder, FailsAtTheChunkThatIsTooMuch) {
  Decoding decoding("Transfer-Encoding: chunked", 5);
  EXPECT_EQ(decoding.decode("3\r\nabc\r\n"), Step("abc", Status::kNeedMore));
  EXPECT_EQ(decoding.decode("3\r\nde"), Step("", Status::kFailed));
  EXPECT_EQ(decoding.decoder().failure().code, ErrorCode::kPayloadTooLarge);
}

TEST(BodyDecoder, FailsAtWhatIsNoChunk) {
  for (const char* bad : {"x\r\nabc\r\n", "3\nabc\r\n", "3\r\nabcd\r\n0\r\n\r\n", "-1\r\n\r\n\r\n",
                          "fffffffffffffffff\r\n"}) {
    Decoding decoding("Transfer-Encoding: chunked");
    EXPECT_EQ(decoding.decode(bad).second, Status::kFailed) << bad;
    EXPECT_EQ(decoding.decoder().failure().code, ErrorCode::kBadRequest) << bad;
  }
}

}  // namespace
}  // namespace wasm_server
