#include "handlers/modules/blob_body.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "handlers/body_source_test.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

Bytes some_bytes(std::size_t size) {
  Bytes bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

Bytes all(BodySource& body) {
  Bytes whole;
  for (const Bytes& piece : all_pieces(body)) whole += piece;
  return whole;
}

class BlobBody : public testing::TestWithParam<std::size_t> {};

TEST_P(BlobBody, GivesTheBytesAsTheyAre) {
  const TestStore store;
  HelperPool helpers(1, 4);
  const Bytes bytes = some_bytes(GetParam());
  ASSERT_TRUE(put_module(*store, "x", bytes));
  const auto body = make_raw_body(helpers, {store.modules(), sha256(bytes), bytes.size()});
  EXPECT_EQ(body->size(), bytes.size());
  EXPECT_EQ(all(*body), bytes);
}

TEST_P(BlobBody, GivesTheBytesAsBase64InTheirFrame) {
  const TestStore store;
  HelperPool helpers(1, 4);
  const Bytes bytes = some_bytes(GetParam());
  ASSERT_TRUE(put_module(*store, "x", bytes));
  const auto body = make_json_body(helpers, {store.modules(), sha256(bytes), bytes.size()},
                                   {"{\"wasm\":\"", "\"}"}, {});
  const Bytes expected = "{\"wasm\":\"" + encode_base64(bytes) + "\"}";
  EXPECT_EQ(body->size(), expected.size());
  EXPECT_EQ(all(*body), expected);
}

// Around the slice of 192 KiB, and each remainder of 3.
INSTANTIATE_TEST_SUITE_P(Sizes, BlobBody,
                         testing::Values(0, 1, 2, 3, 196'607, 196'608, 196'609, 196'610, 589'825));

TEST(BlobBodies, FailWhenTheModuleIsDeletedMeanwhile) {
  const TestStore store;
  HelperPool helpers(1, 4);
  const Bytes bytes = some_bytes(400'000);
  ASSERT_TRUE(put_module(*store, "x", bytes));
  const auto raw = make_raw_body(helpers, {store.modules(), sha256(bytes), bytes.size()});
  const auto json =
      make_json_body(helpers, {store.modules(), sha256(bytes), bytes.size()}, {"a", "b"}, {});
  EXPECT_TRUE(next_piece(*raw));
  EXPECT_TRUE(next_piece(*json));
  ASSERT_TRUE(erase_module(*store, "x"));
  EXPECT_FALSE(next_piece(*raw));
  EXPECT_FALSE(next_piece(*json));
}

TEST(BlobBodies, GiveTheWholeWhenThereIsOne) {
  const TestStore store;
  HelperPool helpers(1, 4);
  const Bytes bytes = some_bytes(400'000);
  ASSERT_TRUE(put_module(*store, "x", bytes));
  const SharedBytes whole = std::make_shared<const Bytes>(bytes);
  const auto body = make_raw_body(helpers, {store.modules(), sha256(bytes), bytes.size()},
                                  [&whole]() -> Result<SharedBytes> { return whole; });
  EXPECT_EQ(all_pieces(*body), std::vector{bytes});
  const auto none = make_raw_body(helpers, {store.modules(), sha256(bytes), bytes.size()},
                                  [] { return SharedBytes{}; });
  EXPECT_EQ(all_pieces(*none).size(), 3U);
}

TEST(BlobBodies, FailWhenNoHelperHasTime) {
  const TestStore store;
  HelperPool helpers(1, 0);
  ASSERT_TRUE(put_module(*store, "x", some_bytes(10)));
  const auto body = make_raw_body(helpers, {store.modules(), sha256(some_bytes(10)), 10});
  EXPECT_EQ(next_piece(*body).error().code, ErrorCode::kOverloaded);
}

}  // namespace
}  // namespace wasm_server
