#pragma once

// For the tests of what is done to a store that has something in it.

#include <string_view>

#include <gtest/gtest.h>

#include "store/batch.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {

// Three modules, one with two revisions; two have code that is a blob, and the same.
class KeptModulesTest : public testing::Test {
 protected:
  KeptModulesTest() {
    EXPECT_TRUE(put_module(*store_, "a", "code").has_value());
    EXPECT_TRUE(put_module(*store_, "a", patterned(50'000), 2).has_value());
    EXPECT_TRUE(put_module(*store_, "b", patterned(50'000)).has_value());
    EXPECT_TRUE(put_module(*store_, "c", patterned(9'000)).has_value());
  }

  // An empty value: the key is erased.
  void change(Table table, std::string_view key, std::string_view value) {
    const auto batch = store_->begin().value();
    ASSERT_TRUE((value.empty() ? batch->erase(table, key) : batch->put(table, key, value)));
    ASSERT_TRUE(store_->commit(*batch).has_value());
  }

  TestStore store_;
};

}  // namespace wasm_server
