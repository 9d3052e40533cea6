#include "handlers/blob_body.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "handlers/body_source_test.h"
#include "testing/memory_store.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

Bytes some_bytes(std::size_t size) {
  Bytes bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

void put(Store& store, std::string_view id, const Bytes& bytes) {
  auto transaction = *store.begin();
  const auto code = std::make_shared<const Bytes>(bytes);
  ASSERT_TRUE(transaction->put(make_meta_data(id, bytes), code));
  ASSERT_TRUE(transaction->commit());
}

void erase(Store& store, std::string_view id) {
  auto transaction = *store.begin();
  ASSERT_TRUE(transaction->erase(id));
  ASSERT_TRUE(transaction->commit());
}

Bytes all(BodySource& body) {
  Bytes whole;
  for (const Bytes& piece : all_pieces(body)) whole += piece;
  return whole;
}

class BlobBody : public testing::TestWithParam<std::size_t> {};

TEST_P(BlobBody, GivesTheBytesAsTheyAre) {
  MemoryStore store;
  const Bytes bytes = some_bytes(GetParam());
  put(store, "x", bytes);
  const auto body = make_raw_body(store, sha256(bytes), bytes.size());
  EXPECT_EQ(body->size(), bytes.size());
  EXPECT_EQ(all(*body), bytes);
}

TEST_P(BlobBody, GivesTheBytesAsBase64InTheirFrame) {
  MemoryStore store;
  const Bytes bytes = some_bytes(GetParam());
  put(store, "x", bytes);
  const auto body = make_json_body(store, sha256(bytes), bytes.size(), {"{\"wasm\":\"", "\"}"}, {});
  const Bytes expected = "{\"wasm\":\"" + encode_base64(bytes) + "\"}";
  EXPECT_EQ(body->size(), expected.size());
  EXPECT_EQ(all(*body), expected);
}

// Around the slice of 192 KiB, and each remainder of 3.
INSTANTIATE_TEST_SUITE_P(Sizes, BlobBody,
                         testing::Values(0, 1, 2, 3, 196'607, 196'608, 196'609, 196'610, 589'825));

TEST(BlobBodies, FailWhenTheModuleIsDeletedMeanwhile) {
  MemoryStore store;
  const Bytes bytes = some_bytes(400'000);
  put(store, "x", bytes);
  const auto raw = make_raw_body(store, sha256(bytes), bytes.size());
  const auto json = make_json_body(store, sha256(bytes), bytes.size(), {"a", "b"}, {});
  EXPECT_TRUE(next_piece(*raw));
  EXPECT_TRUE(next_piece(*json));
  erase(store, "x");
  EXPECT_FALSE(next_piece(*raw));
  EXPECT_FALSE(next_piece(*json));
}

}  // namespace
}  // namespace wasm_server
