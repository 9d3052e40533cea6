#include "store/recent_modules.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

SharedOperation module_of(std::string id, const std::string& code, bool with_code = true,
                          std::uint64_t revision = 1) {
  Operation module;
  module.id = std::move(id);
  module.revision = revision;
  module.digest = sha256(code);
  if (with_code) module.code = std::make_shared<const Bytes>(code);
  return std::make_shared<const Operation>(std::move(module));
}

void add(RecentModules& recent, SharedOperation module, std::uint64_t number = 1) {
  RecentGeneration batch;
  batch.add(std::move(module));
  recent.add(batch, number);
}

std::vector<std::string> ids_from(const RecentModules& recent, std::string from) {
  std::vector<std::string> ids;
  const auto view = recent.view();
  while (const auto module = view->next(from)) {
    ids.push_back(module->id);
    from = module->id + '\0';
  }
  return ids;
}

TEST(RecentModules, AreFoundUntilTheyHaveMoved) {
  RecentModules recent;
  EXPECT_EQ(recent.find("a"), nullptr);
  EXPECT_EQ(recent.view(), nullptr);
  add(recent, module_of("a", "code of a"));
  EXPECT_EQ(recent.find("a")->id, "a");
  EXPECT_EQ(*recent.find_code(sha256("code of a")).bytes, "code of a");

  recent.start_moving();
  EXPECT_EQ(recent.size(), 0U);
  EXPECT_EQ(recent.find("a")->id, "a");
  add(recent, module_of("b", "code of b"));
  EXPECT_EQ(*recent.find_code(sha256("code of a")).bytes, "code of a");

  recent.moved();
  EXPECT_EQ(recent.find("a"), nullptr);
  EXPECT_FALSE(recent.find_code(sha256("code of a")));
  EXPECT_EQ(recent.find("b")->id, "b");
  recent.clear();
  EXPECT_EQ(recent.find("b"), nullptr);
  EXPECT_EQ(recent.view(), nullptr);
}

TEST(RecentModules, BothGenerationsAreListedInOrder) {
  RecentModules recent;
  for (const char* id : {"d", "a"}) add(recent, module_of(id, id));
  recent.start_moving();
  for (const char* id : {"c", "e", "b"}) add(recent, module_of(id, id));
  EXPECT_EQ(ids_from(recent, ""), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(ids_from(recent, "c"), (std::vector<std::string>{"c", "d", "e"}));
  EXPECT_EQ(ids_from(recent, "f"), std::vector<std::string>{});
}

TEST(RecentModules, AViewKeepsWhatHasMovedMeanwhile) {
  RecentModules recent;
  add(recent, module_of("a", "code"));
  const auto view = recent.view();
  recent.start_moving();
  recent.moved();
  EXPECT_EQ(recent.find("a"), nullptr);
  EXPECT_EQ(view->next("a")->id, "a");
}

TEST(RecentModules, RevisionsAreFoundWhicheverGenerationHasThem) {
  RecentModules recent;
  add(recent, module_of("a", "one", true, 1));
  add(recent, module_of("b", "one", true, 1));
  add(recent, module_of("a", "two", true, 2));
  EXPECT_EQ(recent.find("a")->revision, 2U);
  recent.start_moving();
  EXPECT_EQ(recent.find("a")->revision, 2U);
  add(recent, module_of("a", "three", true, 3), 7);
  EXPECT_EQ(recent.find("a")->revision, 3U);
  EXPECT_EQ(recent.find("b")->revision, 1U);
  for (std::uint64_t revision = 1; revision <= 3; ++revision)
    EXPECT_EQ(recent.find_revision("a", revision)->revision, revision);
  EXPECT_EQ(recent.find_revision("a", 4), nullptr);
  EXPECT_EQ(recent.find_revision("b", 2), nullptr);

  const auto view = recent.view();
  EXPECT_EQ(view->number, 7U);
  std::vector<std::uint64_t> revisions;
  for (const auto& module : view->revisions("a")) revisions.push_back(module->revision);
  EXPECT_EQ(revisions, (std::vector<std::uint64_t>{3, 2, 1}));
  EXPECT_EQ(view->revisions("b").size(), 1U);
  EXPECT_TRUE(view->revisions("").empty());
  EXPECT_EQ(view->next("a")->revision, 3U);
  EXPECT_EQ(ids_from(recent, ""), (std::vector<std::string>{"a", "b"}));
}

// So that the code is in the database before it is referred to.
TEST(RecentGeneration, EqualCodeComesFirstWhereItIsGiven) {
  RecentGeneration generation;
  generation.add(module_of("a", "same", false));
  generation.add(module_of("b", "same", true));
  generation.add(module_of("c", "other", true));
  const auto modules = generation.by_digest();
  ASSERT_EQ(modules.size(), 3U);
  std::vector<std::string> same;
  for (const auto& module : modules) {
    if (module->digest == sha256("same")) same.push_back(module->id);
  }
  EXPECT_EQ(same, (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(std::ranges::is_sorted(modules, {}, [](const auto& m) { return m->digest; }));
}

}  // namespace
}  // namespace wasm_server
