#include "handlers/modules/answer_memory.h"

#include <gtest/gtest.h>

#include "handlers/modules/blob_body.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kLimit = 10 * kLargeBody;

TEST(AnswerMemory, RefusesWhatIsNotLeftAndTakesBackWhatWasSent) {
  MemoryBudget budget(kLimit);
  AnswerMemory memory(budget);
  auto most = memory.reply(Bytes(7 * kLargeBody, 'x'));
  ASSERT_TRUE(most);
  EXPECT_EQ(std::get<SharedBytes>(most->body)->size(), 7 * kLargeBody);
  const auto refused = memory.reply(Bytes(4 * kLargeBody, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_TRUE(memory.take(3 * kLargeBody));
  EXPECT_EQ(budget.used(), 7 * kLargeBody);
  *most = Reply{};
  EXPECT_TRUE(memory.take(kLimit));
  EXPECT_TRUE(memory.take(kLimit));  // the one before is given back
}

TEST(AnswerMemory, DoesNotCountWhatIsSmall) {
  MemoryBudget budget(kLimit);
  AnswerMemory memory(budget);
  const auto all = memory.take(kLimit);
  ASSERT_TRUE(all);
  const auto small = memory.reply(Bytes(kLargeBody, 'x'));
  ASSERT_TRUE(small);
  EXPECT_EQ(std::get<Bytes>(small->body).size(), kLargeBody);
  EXPECT_FALSE(memory.take(kLargeBody + 1));
}

}  // namespace
}  // namespace wasm_server
