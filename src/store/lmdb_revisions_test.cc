// Readers of revisions while these are written, moved to the trees and erased.

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/lmdb_store_test.h"

namespace wasm_server {
namespace {

// From the newest one down to the first, with none missing and none twice, and all of one life.
bool is_complete(const std::vector<WasmMetaData>& revisions) {
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    if (revisions[i].revision != revisions.size() - i) return false;
    if (revisions[i].created_at != revisions[0].created_at) return false;
  }
  return true;
}

// Two modules; the time of its creation tells a module's lives apart.
class LmdbRevisionsTest : public LmdbStoreTest {
 protected:
  struct Module {
    std::string id;
    std::uint64_t revision = 0;
    UnixMillis created_at = 1;
  };

  void put_revisions(int count) {
    auto transaction = store_->begin().value();
    for (int i = 0; i < count; ++i) {
      for (Module& module : modules_) {
        const std::string code = "code " + std::to_string(i);
        auto next = make_meta_data(module.id, code, ++module.revision);
        next.created_at = module.created_at;
        ASSERT_TRUE(transaction->put(next, std::make_shared<const Bytes>(code)).has_value());
      }
    }
    ASSERT_TRUE(transaction->commit().has_value());
  }

  void begin_new_life(Module& module) {
    ASSERT_TRUE(erase(module.id).has_value());
    module.revision = 0;
    ++module.created_at;
  }

  void expect_all() {
    for (const Module& module : modules_) {
      const auto revisions = store_->revisions(module.id).value();
      EXPECT_EQ(revisions.size(), module.revision);
      EXPECT_TRUE(is_complete(revisions));
    }
  }

  std::array<Module, 2> modules_{Module{"a"}, Module{"b"}};
};

TEST_F(LmdbRevisionsTest, AreCompleteWhileTheyAreMovedAndErased) {
  open();
  put_revisions(1);
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::jthread reader([&] {
    for (std::size_t number = 0; !over; ++number) {
      const auto revisions = store_->revisions(modules_[number % 2].id);
      if (!revisions || !is_complete(*revisions)) ++wrong;
      const auto page = store_->list({});
      if (!page || page->items.empty()) ++wrong;  // one of them may be erased
    }
  });
  for (int batch = 0; batch < 50; ++batch) put_revisions(100);  // more than a generation
  expect_all();
  for (std::size_t batch = 0; batch < 400; ++batch) {
    begin_new_life(modules_[batch % 2]);  // in the database itself
    put_revisions(3);
  }
  over = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
  open();
  expect_all();
}

}  // namespace
}  // namespace wasm_server
