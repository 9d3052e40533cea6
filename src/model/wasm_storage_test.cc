#include "model/wasm_storage.h"

#include <gtest/gtest.h>

#include "testing/modules.h"

namespace wasm_server {
namespace {

TEST(WasmStorage, EtagChangesWithRevisionAndCode) {
  const WasmMetaData one = make_meta_data("m", "code", 1);
  EXPECT_EQ(etag_of(one).size(), 16U);
  EXPECT_NE(etag_of(one), etag_of(make_meta_data("m", "code", 2)));
  EXPECT_NE(etag_of(one), etag_of(make_meta_data("m", "other", 1)));
}

}  // namespace
}  // namespace wasm_server
