#include "handlers/http/request_pipe.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using BodyRead = HttpExchange::BodyRead;

class RequestPipeTest : public testing::Test {
 protected:
  std::string read(BodyRead expected) {
    ByteView piece;
    EXPECT_EQ(pipe_.read(piece), expected);
    return std::string(piece);
  }

  RequestPipe pipe_;
  int resumed_ = 0;
};

TEST_F(RequestPipeTest, WantsNothingBeforeTheGuestDoes) {
  EXPECT_FALSE(pipe_.wants_more());
  read(BodyRead::kWait);
  EXPECT_TRUE(pipe_.wants_more());
}

TEST_F(RequestPipeTest, GivesWhatThereIsThenTheEnd) {
  pipe_.put("one");
  pipe_.put("two");
  pipe_.end();
  EXPECT_FALSE(pipe_.wants_more());
  EXPECT_EQ(read(BodyRead::kPiece), "onetwo");
  read(BodyRead::kEnd);
  read(BodyRead::kEnd);
  EXPECT_FALSE(pipe_.wants_more());
}

TEST_F(RequestPipeTest, HoldsOnePieceBesideTheGuests) {
  pipe_.put("one");
  EXPECT_FALSE(pipe_.wants_more());
  EXPECT_EQ(read(BodyRead::kPiece), "one");
  EXPECT_TRUE(pipe_.wants_more());
  pipe_.put("two");
  EXPECT_FALSE(pipe_.wants_more());
}

TEST_F(RequestPipeTest, ResumesOnlyAGuestThatWaits) {
  pipe_.set_resume([this] { ++resumed_; });
  pipe_.put("one");
  EXPECT_EQ(resumed_, 0);
  read(BodyRead::kPiece);
  read(BodyRead::kWait);
  EXPECT_FALSE(pipe_.can_resume());
  pipe_.put("two");
  EXPECT_EQ(resumed_, 1);
  read(BodyRead::kPiece);
  read(BodyRead::kWait);
  pipe_.end();
  EXPECT_EQ(resumed_, 2);
}

TEST_F(RequestPipeTest, ResumesAGuestThatWaitedBeforeAnybodyKnewHow) {
  read(BodyRead::kWait);
  pipe_.put("one");
  pipe_.set_resume([this] { ++resumed_; });
  EXPECT_EQ(resumed_, 1);
}

TEST_F(RequestPipeTest, ABodyThatBrokeOffHasNoEnd) {
  pipe_.put("one");
  pipe_.abort();
  pipe_.end();
  EXPECT_EQ(read(BodyRead::kPiece), "one");
  read(BodyRead::kAborted);
}

}  // namespace
}  // namespace wasm_server
