#include "handlers/execute/output_stream.h"

#include <chrono>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class OutputStreamTest : public testing::Test {
 protected:
  // Runs what is ready, and what posts to it.
  void settle() {
    context_.restart();
    context_.poll();
  }

  void wait_for_start(milliseconds max_wait) {
    auto waiting = wait(max_wait);
    asio::co_spawn(context_.get_executor(), std::move(waiting), asio::detached);
    settle();
  }

  void take() {
    auto taking = take_once();
    asio::co_spawn(context_.get_executor(), std::move(taking), asio::detached);
    settle();
  }

  void write(std::size_t bytes) {
    stream_.write(std::string(bytes, 'x'));
    settle();
  }

  void finish() {
    stream_.finish(ExecutionResult{});
    settle();
  }

  asio::io_context context_;
  OutputStream stream_{context_.get_executor()};
  bool started_ = false;
  std::optional<std::size_t> taken_;

 private:
  Task<void> wait(milliseconds max_wait) {
    co_await stream_.wait_for_start(max_wait);
    started_ = true;
  }

  Task<void> take_once() {
    const auto piece = co_await stream_.take();
    taken_ = piece.size();
  }
};

TEST_F(OutputStreamTest, StartsWhenTheGuestHasEnded) {
  wait_for_start(hours{1});
  EXPECT_FALSE(started_);
  finish();
  EXPECT_TRUE(started_);
}

TEST_F(OutputStreamTest, WaitsForMoreAfterTheFirstOutput) {
  wait_for_start(hours{1});
  write(1);
  EXPECT_FALSE(started_);
  finish();
  EXPECT_TRUE(started_);
}

TEST_F(OutputStreamTest, StartsWhenThereIsEnoughHoweverItComes) {
  wait_for_start(hours{1});
  for (int i = 0; i < 31; ++i) write(4U << 10);
  EXPECT_FALSE(started_);
  write(4U << 10);
  EXPECT_TRUE(started_);
}

TEST_F(OutputStreamTest, StartsAtOnceWhenThereWasEnoughBefore) {
  write(200U << 10);
  wait_for_start(hours{1});
  EXPECT_TRUE(started_);
}

TEST_F(OutputStreamTest, StartsWithLittleWhenTheWaitIsOver) {
  write(1);
  wait_for_start(milliseconds{0});
  context_.restart();
  context_.run_for(std::chrono::seconds{10});
  EXPECT_TRUE(started_);
}

TEST_F(OutputStreamTest, HandsOutWhatThereIs) {
  take();
  EXPECT_FALSE(taken_);
  write(5);
  EXPECT_EQ(taken_, 5U);
}

TEST_F(OutputStreamTest, SuspendsTheGuestUntilItsOutputIsTaken) {
  int resumed = 0;
  stream_.set_resume([&resumed] { ++resumed; });
  EXPECT_TRUE(stream_.ready());
  write(256U << 10);
  EXPECT_FALSE(stream_.ready());
  take();
  EXPECT_EQ(taken_, 256U << 10);
  EXPECT_EQ(resumed, 1);
  EXPECT_TRUE(stream_.ready());
}

TEST_F(OutputStreamTest, ResumesAGuestThatWaitedBeforeAnybodyKnewHow) {
  write(256U << 10);
  EXPECT_FALSE(stream_.ready());
  int resumed = 0;
  take();
  stream_.set_resume([&resumed] { ++resumed; });
  EXPECT_EQ(resumed, 1);
}

TEST_F(OutputStreamTest, LeavesAGuestWithoutRoomSuspended) {
  write(256U << 10);
  EXPECT_FALSE(stream_.ready());
  int resumed = 0;
  stream_.set_resume([&resumed] { ++resumed; });
  EXPECT_EQ(resumed, 0);
  take();
  EXPECT_EQ(resumed, 1);
}

TEST_F(OutputStreamTest, HasRoomUntilTheGuestWouldBeSuspended) {
  write((256U << 10) - 1);
  EXPECT_TRUE(stream_.has_room());
  write(1);
  EXPECT_FALSE(stream_.has_room());
  stream_.take_buffered();
  EXPECT_TRUE(stream_.has_room());
}

TEST_F(OutputStreamTest, WritesIntoMemoryThatItIsGivenBack) {
  write(200U << 10);
  auto piece = stream_.take_buffered();
  const auto* memory = piece.data();
  stream_.reuse(piece);
  EXPECT_TRUE(piece.empty());
  EXPECT_NE(piece.data(), memory);
  write(100U << 10);
  EXPECT_EQ(stream_.take_buffered().data(), memory);
}

TEST_F(OutputStreamTest, LosesNothingWhenItIsGivenMemoryBackLate) {
  write(200U << 10);
  auto piece = stream_.take_buffered();
  write(7);
  stream_.reuse(piece);
  EXPECT_TRUE(piece.empty());
  EXPECT_EQ(stream_.take_buffered(), "xxxxxxx");
}

TEST_F(OutputStreamTest, EndsWithNothing) {
  take();
  finish();
  EXPECT_EQ(taken_, 0U);
}

}  // namespace
}  // namespace wasm_server
