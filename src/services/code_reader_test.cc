#include "services/code_reader.h"

#include <gtest/gtest.h>

#include "testing/test_store.h"

namespace wasm_server {
namespace {

constexpr std::size_t kSize = 400'000;  // three slices

class CodeReaderTest : public testing::Test {
 protected:
  CodeReaderTest() : code_(kSize, '\0') {
    for (std::size_t i = 0; i < kSize; ++i) code_[i] = static_cast<char>(i * 31 + i / 251);
    EXPECT_TRUE(put_module(*store_, "m", code_));
  }

  CodeReader reader() { return {store_.modules(), sha256(code_), kSize}; }

  TestStore store_;
  Bytes code_;
};

TEST_F(CodeReaderTest, ReadsEveryByteOnce) {
  CodeReader code = reader();
  EXPECT_EQ(code.size(), kSize);
  Bytes whole;
  while (!code.at_end()) {
    const auto slice = code.next();
    ASSERT_TRUE(slice);
    EXPECT_TRUE(slice->size() % 3 == 0 || code.at_end());
    whole += *slice;
  }
  EXPECT_EQ(whole, code_);
}

TEST_F(CodeReaderTest, FailsWhenTheCodeIsDeletedMeanwhile) {
  CodeReader code = reader();
  EXPECT_TRUE(code.next());
  ASSERT_TRUE(erase_module(*store_, "m"));
  const auto slice = code.next();
  ASSERT_FALSE(slice);
  EXPECT_EQ(slice.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace wasm_server
