#include "store/module_amount.h"

#include <map>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "store/module_record.h"
#include "store/module_repository.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

class ModuleAmountTest : public testing::Test {
 protected:
  // Each change in a batch of its own; what they say of themselves is added up.
  template <class Change>
  void change(Change change) {
    const auto batch = store_->begin().value();
    ModuleBatch modules{*batch};
    added_ += change(modules)->stored;
    ASSERT_TRUE(store_->commit(*batch).has_value());
  }
  void put(const std::string& id, const std::string& code, std::uint64_t revision = 1) {
    change([&](ModuleBatch& modules) {
      return modules.put(make_meta_data(id, code, revision), std::make_shared<const Bytes>(code));
    });
  }
  void erase(const std::string& id) {
    change([&](ModuleBatch& modules) { return modules.erase(id); });
  }
  void keep(const std::string& id, std::uint64_t revisions) {
    change([&](ModuleBatch& modules) { return modules.keep_newest(id, revisions); });
  }

  StoredAmount under(std::string_view prefix) { return stored_under(*store_, prefix).value(); }

  static std::int64_t record_size(const std::string& id, const std::string& code) {
    std::string record;
    encode_record(make_meta_data(id, code, 1), record);
    return static_cast<std::int64_t>(record.size());
  }

  TestStore store_;
  StoredAmount added_;
};

TEST_F(ModuleAmountTest, CountsRecordsAndCodeOfAllRevisionsUnderThePrefix) {
  put("a", std::string(100, 'a'));
  put("team.a", std::string(1'000, 'x'));
  put("team.a", std::string(1'000, 'x'), 2);  // no new code
  put("team.a", std::string(3'000, 'y'), 3);
  put("team.b", std::string(1'000, 'x'));
  put("teams", std::string(500, 'z'));
  const std::int64_t records = 3 * record_size("team.a", std::string(1'000, 'x')) +
                               record_size("team.b", std::string(9, 'x'));
  const std::int64_t code = 1'000 + 3'000 + 1'000;
  const StoredAmount team = under("team.");
  EXPECT_EQ(team.modules, 2);
  EXPECT_NEAR(static_cast<double>(team.bytes), static_cast<double>(records + code), 16.0);
  EXPECT_EQ(under("").modules, 4);
  EXPECT_EQ(under("nobody"), StoredAmount{});
}

TEST_F(ModuleAmountTest, WhatChangesSayAddsUpToWhatIsCounted) {
  std::mt19937 random{7};
  std::map<std::string, std::uint64_t> newest;
  for (int step = 0; step < 400; ++step) {
    const std::string id = "m" + std::to_string(random() % 4);
    const auto what = random() % 10;
    if (what == 0 && newest[id] > 0) {
      erase(id);
      newest[id] = 0;
    } else if (what <= 2 && newest[id] > 0) {
      keep(id, random() % 6);
    } else {
      put(id, std::string(10 + random() % 3, 'c'), ++newest[id]);
    }
    ASSERT_EQ(added_, under("")) << step;
  }
}

TEST_F(ModuleAmountTest, LeavesOutWhatIsDamaged) {
  put("a", "first");
  put("b", "second");
  const std::int64_t before = under("").bytes;
  const auto batch = store_->begin().value();
  ASSERT_TRUE(batch->put(Table::kModules, "ab", "no record").has_value());
  ASSERT_TRUE(store_->commit(*batch).has_value());
  EXPECT_EQ(under("").modules, 2);
  EXPECT_EQ(under("").bytes, before);
}

}  // namespace
}  // namespace wasm_server
