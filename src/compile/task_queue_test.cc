#include "compile/task_queue.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

Digest digest_of(std::uint8_t number) {
  Digest digest{};
  digest.bytes[0] = number;
  return digest;
}

class TaskQueueTest : public testing::Test {
 protected:
  static CompileTask task(std::uint8_t number, microseconds expected, bool ahead = false) {
    return {digest_of(number), TaskClass::kSmall, expected, ahead};
  }
  void push(std::uint8_t number, microseconds expected, bool ahead = false) {
    queue_.push(task(number, expected, ahead), now_);
  }
  // 0: none.
  int pop(bool may_begin_ahead = true) {
    const auto task = queue_.pop(may_begin_ahead);
    return task ? task->digest.bytes[0] : 0;
  }

  TaskQueue queue_;
  TaskQueue::Clock::time_point now_{seconds(1000)};
};

TEST_F(TaskQueueTest, GivesTheShortestFirst) {
  push(1, milliseconds(20));
  push(2, milliseconds(1));
  push(3, milliseconds(10));
  EXPECT_EQ(pop(), 2);
  EXPECT_EQ(pop(), 3);
  EXPECT_EQ(pop(), 1);
  EXPECT_EQ(pop(), 0);
}

TEST_F(TaskQueueTest, GivesEqualOnesInTheirOrder) {
  for (std::uint8_t i = 1; i <= 5; ++i) push(i, milliseconds(1));
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(pop(), i);
}

TEST_F(TaskQueueTest, LetsNoneWaitForEverBehindShorterOnes) {
  push(1, milliseconds(20));
  int before = 0;
  while (true) {
    now_ += milliseconds(1);
    push(2, milliseconds(1));
    if (pop() == 1) break;
    ASSERT_LT(++before, 1000);
  }
  EXPECT_GT(before, 300) << "the short ones go first for a while";
}

TEST_F(TaskQueueTest, GivesWhatWasAskedForBeforeWhatIsAheadOfNeed) {
  push(1, milliseconds(1), true);
  push(2, milliseconds(50));
  push(3, milliseconds(2), true);
  EXPECT_EQ(pop(), 2);
  EXPECT_EQ(pop(), 1);
  EXPECT_EQ(pop(), 3);
}

TEST_F(TaskQueueTest, KeepsWhatIsAheadOfNeedUntilItMayBegin) {
  push(1, milliseconds(1), true);
  EXPECT_EQ(pop(false), 0);
  EXPECT_FALSE(queue_.empty());
  push(1, milliseconds(1));  // now an execution asked
  EXPECT_EQ(pop(false), 1);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(TaskQueueTest, HasOneTaskForEachDigest) {
  push(1, milliseconds(20));
  push(2, milliseconds(10));
  push(1, milliseconds(1));
  EXPECT_EQ(pop(), 1);
  EXPECT_EQ(pop(), 2);
  EXPECT_EQ(pop(), 0);
}

TEST_F(TaskQueueTest, ForgetsWhatIsTakenBack) {
  push(1, milliseconds(1));
  EXPECT_TRUE(queue_.contains(digest_of(1)));
  EXPECT_TRUE(queue_.remove(digest_of(1)));
  EXPECT_FALSE(queue_.contains(digest_of(1)));
  EXPECT_FALSE(queue_.remove(digest_of(1)));
  EXPECT_EQ(pop(), 0);
}

TEST_F(TaskQueueTest, TellsWhetherAShorterOneWaits) {
  push(1, milliseconds(5));
  push(2, milliseconds(1), true);
  EXPECT_TRUE(queue_.has_shorter_than(task(3, {}), milliseconds(6)));
  EXPECT_FALSE(queue_.has_shorter_than(task(3, {}), milliseconds(5))) << "the other is ahead";
  EXPECT_TRUE(queue_.has_shorter_than(task(3, {}, true), milliseconds(5)));
  EXPECT_FALSE(queue_.has_shorter_than(task(3, {}, true), milliseconds(1)));
}

}  // namespace
}  // namespace wasm_server
