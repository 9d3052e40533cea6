#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/module_repository_test.h"
#include "store/page_builder.h"

namespace wasm_server {
namespace {

using Ids = std::vector<std::string>;

class ModuleListTest : public ModuleRepositoryTest {
 protected:
  Ids ids(const ListQuery& query) {
    Ids found;
    const ListPage page = modules().list(query).value();
    for (const WasmMetaData& item : page.items) found.push_back(item.id);
    return found;
  }
};

TEST_F(ModuleListTest, ListsByIdInPages) {
  for (const char* id : {"b", "a", "c", "a.1", "B", "a-1"}) put(id, "code");
  const Ids all{"B", "a", "a-1", "a.1", "b", "c"};
  EXPECT_EQ(ids({}), all);
  EXPECT_EQ(modules().list({}).value().next, std::nullopt);

  Ids paged;
  ListQuery query{.limit = 2};
  for (int page = 0; page < 3; ++page) {
    const ListPage found = modules().list(query).value();
    ASSERT_EQ(found.items.size(), 2U);
    for (const WasmMetaData& item : found.items) paged.push_back(item.id);
    EXPECT_EQ(found.next.has_value(), page < 2);
    query.after = found.next.value_or("");
  }
  EXPECT_EQ(paged, all);
}

TEST_F(ModuleListTest, ListsByPrefixFromWhereItIsAsked) {
  for (const char* id : {"a", "ab", "ab1", "ab2", "ac", "b"}) put(id, "code");
  EXPECT_EQ(ids({.prefix = "ab"}), (Ids{"ab", "ab1", "ab2"}));
  EXPECT_EQ(ids({.after = "ab1", .prefix = "ab"}), (Ids{"ab2"}));
  EXPECT_EQ(ids({.after = "ab", .prefix = "ab"}), (Ids{"ab1", "ab2"}));
  EXPECT_EQ(ids({.after = "a", .prefix = "ab"}), (Ids{"ab", "ab1", "ab2"}));
  EXPECT_EQ(ids({.after = "z", .prefix = "ab"}), Ids{});
  EXPECT_EQ(ids({.after = "ab1"}), (Ids{"ab2", "ac", "b"}));
  EXPECT_EQ(modules().list({.limit = 3, .prefix = "ab"}).value().next, std::nullopt);
}

TEST_F(ModuleListTest, ListsByLabelsAndKind) {
  WasmMetaData command = make_meta_data("command", "c");
  ModuleInfo info = *command.info;
  info.kind = ModuleKind::kCommand;
  command.info = info;
  command.labels = {{"team", "maths"}, {"tier", "1"}};
  put(command, "c");
  put("module", "m");
  EXPECT_EQ(ids({.labels = {{"team", "maths"}}}), (Ids{"command", "module"}));
  EXPECT_EQ(ids({.labels = {{"team", "maths"}, {"tier", "1"}}}), Ids{"command"});
  EXPECT_EQ(ids({.labels = {{"team", "physics"}}}), Ids{});
  EXPECT_EQ(ids({.labels = {{"tier", ""}}}), Ids{});
  EXPECT_EQ(ids({.kind = ModuleKind::kCommand}), Ids{"command"});
  EXPECT_EQ(ids({.labels = {{"tier", "1"}}, .kind = ModuleKind::kModule}), Ids{});
}

TEST_F(ModuleListTest, SaysNextOnlyWhenAnotherModuleMatches) {
  WasmMetaData red = make_meta_data("a", "c");
  red.labels = {{"colour", "red"}};
  put(red, "c");
  red.id = "c";
  put(red, "c");
  put("b", "c");
  put("d", "c");
  const ListPage first = modules().list({.limit = 1, .labels = {{"colour", "red"}}}).value();
  EXPECT_EQ(first.next, "a");
  EXPECT_EQ(modules().list({.limit = 2, .labels = {{"colour", "red"}}}).value().next, std::nullopt);
}

TEST_F(ModuleListTest, EndsAPageOfManyBytesEarly) {
  for (const char* id : {"a", "b", "c"}) {
    WasmMetaData large = make_meta_data(id, "c");
    ModuleInfo info = *large.info;
    info.functions[0].name = std::string(kListBytes * 6 / 10, 'f');
    large.info = info;
    put(large, "c");
  }
  const ListPage first = modules().list({}).value();
  EXPECT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.next, "b");
  EXPECT_EQ(modules().list({.after = "b"}).value().items.size(), 1U);
}

TEST(PageBuilder, LooksAtABoundedNumberOfRecordsAndGoesOnBehindThem) {
  const ListQuery query{.limit = 1, .labels = {{"colour", "red"}}};
  PageBuilder page{query};
  std::size_t offered = 1;
  while (page.offer(make_meta_data(std::to_string(offered), "c"), 100)) ++offered;
  EXPECT_EQ(offered, kListScan);
  const ListPage found = page.take();
  EXPECT_TRUE(found.items.empty());
  EXPECT_EQ(found.next, std::to_string(kListScan));
}

}  // namespace
}  // namespace wasm_server
