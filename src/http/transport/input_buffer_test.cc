#include "http/transport/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

void put(InputBuffer& buffer, std::string_view text) {
  ASSERT_TRUE(buffer.make_room(text.size(), 1U << 20));
  std::memcpy(buffer.room().data(), text.data(), text.size());
  buffer.filled(text.size());
}

TEST(InputBuffer, KeepsTheCurrentRequestWhenItGrows) {
  InputBuffer buffer;
  put(buffer, "old-head-rest");
  buffer.consume(4);
  buffer.start_request();
  buffer.consume(5);
  ASSERT_TRUE(buffer.make_room(100'000, 200'000));
  EXPECT_EQ(std::string_view(buffer.start(), 9), "head-rest");
  EXPECT_EQ(buffer.consumed(), 5U);
  EXPECT_EQ(buffer.pending(), "rest");
  EXPECT_GE(buffer.room().size(), 100'000U);
}

TEST(InputBuffer, RefusesToGrowBeyondTheLimit) {
  InputBuffer buffer;
  put(buffer, std::string(5000, 'x'));
  EXPECT_FALSE(buffer.make_room(5001, 10'000));
  EXPECT_TRUE(buffer.make_room(5000, 10'000));
}

TEST(InputBuffer, DropsABodyBehindItsHeader) {
  InputBuffer buffer;
  put(buffer, "headBODYnext");
  buffer.consume(8);
  buffer.drop_behind(4);
  EXPECT_EQ(buffer.pending(), "next");
  EXPECT_EQ(std::string_view(buffer.start(), 8), "headnext");
}

}  // namespace
}  // namespace wasm_server
