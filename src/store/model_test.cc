// The store does what maps in memory do, whatever the batches and whenever it is opened again.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/batch.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kIds = 12;

// What is stored: the revisions of each module, from the first on, and the code of each digest.
struct Model {
  std::map<std::string, std::vector<WasmMetaData>> modules;
  std::map<Digest, std::string> codes;

  std::set<Digest> used() const {
    std::set<Digest> digests;
    for (const auto& [id, revisions] : modules) {
      for (const WasmMetaData& revision : revisions) digests.insert(revision.digest);
    }
    return digests;
  }
};

class ModelTest : public testing::TestWithParam<unsigned> {
 protected:
  std::uint64_t below(std::uint64_t end) {
    return std::uniform_int_distribution<std::uint64_t>{0, end - 1}(random_);
  }
  std::string random_id() { return "m" + std::to_string(below(kIds)); }

  // Of few kinds, so that modules share it, and of each way in which code is kept.
  std::string random_code() {
    static constexpr std::size_t kSizes[] = {10, 1000, 5000, 20'000, 100'000};
    return std::string(kSizes[below(std::size(kSizes))], static_cast<char>('a' + below(3)));
  }

  // A new module, or another revision: with new code, the same, or that of an older revision.
  void put(Batch& batch, Model& model) {
    const std::string id = random_id();
    auto& revisions = model.modules[id];
    expect_current(batch, id, revisions);
    SharedBytes code;
    WasmMetaData next;
    if (revisions.empty() || below(3) == 0) {
      code = std::make_shared<const Bytes>(random_code());
      next = make_meta_data(id, *code);
      model.codes[next.digest] = *code;
    } else {
      const std::uint64_t source = 1 + below(revisions.size());
      next = revisions[source - 1];
      EXPECT_EQ(ModuleBatch{batch}.find_revision(id, source).value(), next);
    }
    next.revision = revisions.size() + 1;
    next.labels["batch"] = std::to_string(random_());
    ASSERT_TRUE(ModuleBatch{batch}.put(next, code).has_value());
    revisions.push_back(next);
  }

  static void expect_current(Batch& batch, const std::string& id,
                             const std::vector<WasmMetaData>& revisions) {
    const auto current = ModuleBatch{batch}.find(id).value();
    ASSERT_EQ(current.has_value(), !revisions.empty()) << id;
    if (current) {
      EXPECT_EQ(*current, revisions.back());
    }
  }

  void erase(Batch& batch, Model& model) {
    const std::string id = random_id();
    const auto before = model.used();
    const bool there = !model.modules[id].empty();
    model.modules[id].clear();
    std::vector<Digest> expected;
    std::ranges::set_difference(before, model.used(), std::back_inserter(expected));
    auto erased = ModuleBatch{batch}.erase(id);
    ASSERT_EQ(erased.has_value(), there);
    if (!erased) return;
    std::ranges::sort(erased->freed);
    EXPECT_EQ(erased->freed, expected);
  }

  // As a job that fails in its middle.
  void fail(Batch& batch) {
    Model forgotten = next_;
    const Batch::Mark mark = batch.mark();
    for (std::uint64_t left = 1 + below(3); left > 0; --left) change(batch, forgotten);
    batch.rollback(mark);
  }

  void change(Batch& batch, Model& model) {
    below(4) == 0 ? erase(batch, model) : put(batch, model);
  }

  void do_batch() {
    next_ = model_;
    const auto batch = store_->begin().value();
    for (std::uint64_t left = 1 + below(8); left > 0; --left) {
      below(6) == 0 ? fail(*batch) : change(*batch, next_);
    }
    if (below(10) == 0) return;  // nothing happened
    ASSERT_TRUE(store_->commit(*batch).has_value());
    model_ = next_;
  }

  void expect_equal() {
    const ModuleRepository& modules = store_.modules();
    const auto used = model_.used();
    for (const auto& [id, revisions] : model_.modules) {
      EXPECT_EQ(modules.find(id).value().has_value(), !revisions.empty());
      for (const WasmMetaData& revision : revisions)
        EXPECT_EQ(modules.find_revision(id, revision.revision).value(), revision);
      EXPECT_EQ(modules.find_revision(id, revisions.size() + 1).value(), std::nullopt);
    }
    for (const auto& [digest, code] : model_.codes) {
      const auto stored = modules.read_code(digest).value();
      ASSERT_EQ(stored.has_value(), used.contains(digest));
      EXPECT_TRUE(!stored || *stored == code);
    }
    std::vector<std::string> ids;
    for (const auto& [id, revisions] : model_.modules) {
      if (!revisions.empty()) ids.push_back(id);
    }
    std::vector<std::string> listed;
    ListQuery query{.limit = 5};
    for (bool more = true; more;) {
      const ListPage page = modules.list(query).value();
      for (const WasmMetaData& item : page.items) listed.push_back(item.id);
      more = page.next.has_value();
      query.after = page.next.value_or("");
    }
    EXPECT_EQ(listed, ids);
  }

  TestStore store_;
  Model model_;
  Model next_;
  std::mt19937 random_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, testing::Range(1U, 5U));

TEST_P(ModelTest, IsLikeMapsInMemory) {
  for (int batch = 0; batch < 100 && !HasFailure(); ++batch) {
    do_batch();
    if (below(4) == 0) expect_equal();
    if (below(25) == 0) store_.open({.log_bytes = below(2) == 0 ? 128U << 10 : 32U << 20});
  }
  store_.open();
  expect_equal();
  // With the last module everything is gone, and has been counted so.
  for (const auto& [id, revisions] : model_.modules) {
    if (revisions.empty()) continue;
    ASSERT_TRUE(erase_module(*store_, id).has_value());
  }
  EXPECT_EQ(store_->usage()->bytes, 0U);
}

}  // namespace
}  // namespace wasm_server
