#include "store/store.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/lmdb_store.h"
#include "store/page_builder.h"
#include "store/record.h"
#include "testing/memory_store.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

// What every store does, asked of both.
class StoreTest : public testing::TestWithParam<const char*> {
 protected:
  StoreTest() {
    if (std::string_view{GetParam()} == "Memory") {
      store_ = std::make_unique<MemoryStore>();
    } else {
      store_ = LmdbStore::open(directory_.path(), {}).value();
    }
  }

  Store& store() { return *store_; }

  void put(const WasmMetaData& meta_data, std::string_view code) {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->put(meta_data, std::make_shared<const Bytes>(code)).has_value());
    ASSERT_TRUE(transaction->commit().has_value());
  }

  void put(std::string_view id, std::string_view code, std::uint64_t revision = 1) {
    put(make_meta_data(id, code, revision), code);
  }

  void erase(std::string_view id) {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->erase(id).has_value());
    ASSERT_TRUE(transaction->commit().has_value());
  }

  bool has_blob(std::string_view code) {
    const bool has = store().has_blob(sha256(code)).value();
    EXPECT_EQ(store().read_blob(sha256(code), true).value().has_value(), has);
    return has;
  }

  std::vector<std::string> ids(const ListQuery& query) {
    std::vector<std::string> found;
    const ListPage page = store().list(query).value();
    for (const WasmMetaData& item : page.items) found.push_back(item.id);
    return found;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Every, StoreTest, testing::Values("Memory", "Lmdb"),
                         [](const auto& test) { return std::string{test.param}; });

using Ids = std::vector<std::string>;

TEST_P(StoreTest, FindsNothingInAnEmptyStore) {
  EXPECT_EQ(store().find("m").value(), std::nullopt);
  EXPECT_EQ(store().find("").value(), std::nullopt);
  EXPECT_EQ(store().find(std::string(5000, 'x')).value(), std::nullopt);
  EXPECT_EQ(store().find_revision("m", 1).value(), std::nullopt);
  EXPECT_TRUE(store().revisions("m").value().empty());
  EXPECT_TRUE(store().list({}).value().items.empty());
  EXPECT_EQ(store().read_blob(sha256(""), true).value(), std::nullopt);
  Bytes out;
  EXPECT_FALSE(store().read_blob_slice(sha256(""), 0, 10, out).value());
}

TEST_P(StoreTest, ReturnsWhatWasPut) {
  put("m", "code");
  EXPECT_EQ(store().find("m").value(), make_meta_data("m", "code"));
  EXPECT_EQ(store().find_revision("m", 1).value(), make_meta_data("m", "code"));
  EXPECT_EQ(store().read_blob(sha256("code"), true).value(), "code");
}

TEST_P(StoreTest, StoresCodeOfNoBytesAndOfAllBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  put("empty", "");
  put("all", all);
  EXPECT_EQ(store().read_blob(sha256(""), true).value(), "");
  EXPECT_EQ(store().read_blob(sha256(all), true).value(), all);
}

TEST_P(StoreTest, ShowsNothingBeforeTheCommit) {
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->put(make_meta_data("m", "code"), make_code("code").bytes).has_value());
  EXPECT_EQ(store().find("m").value(), std::nullopt);
  EXPECT_EQ(transaction->find("m").value(), make_meta_data("m", "code"));
  EXPECT_EQ(store().sequence(), 0U);
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_NE(store().find("m").value(), std::nullopt);
  EXPECT_EQ(store().sequence(), 1U);
}

TEST_P(StoreTest, ForgetsATransactionThatIsDropped) {
  {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->put(make_meta_data("m", "code"), make_code("code").bytes).has_value());
  }
  EXPECT_EQ(store().find("m").value(), std::nullopt);
  EXPECT_FALSE(has_blob("code"));
  EXPECT_EQ(store().sequence(), 0U);
}

TEST_P(StoreTest, DoesNotCountACommitThatChangedNothing) {
  auto transaction = store().begin().value();
  EXPECT_FALSE(transaction->erase("m").has_value());
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_EQ(store().sequence(), 0U);
}

TEST_P(StoreTest, KeepsOlderRevisions) {
  put("m", "one", 1);
  put("m", "two", 2);
  put("m", "three", 3);
  EXPECT_EQ(store().find("m").value(), make_meta_data("m", "three", 3));
  for (const auto& [revision, code] : {std::pair{1U, "one"}, {2U, "two"}, {3U, "three"}}) {
    EXPECT_EQ(store().find_revision("m", revision).value(), make_meta_data("m", code, revision));
    EXPECT_TRUE(has_blob(code));
  }
  EXPECT_EQ(store().find_revision("m", 4).value(), std::nullopt);
  EXPECT_EQ(store().find_revision("m", 0).value(), std::nullopt);
}

TEST_P(StoreTest, FindsRevisionsWithinTheTransactionThatMadeThem) {
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->put(make_meta_data("m", "one", 1), make_code("one").bytes).has_value());
  ASSERT_TRUE(transaction->put(make_meta_data("m", "two", 2), make_code("two").bytes).has_value());
  EXPECT_EQ(transaction->find_revision("m", 1).value(), make_meta_data("m", "one", 1));
  EXPECT_EQ(transaction->find_revision("m", 2).value(), make_meta_data("m", "two", 2));
}

TEST_P(StoreTest, GivesRevisionsNewestFirstAndOnlyThoseOfTheId) {
  auto transaction = store().begin().value();
  const SharedBytes code = make_code("code").bytes;
  for (const auto& [id, count] : {std::pair{"l", 2U}, {"m", 300U}, {"m.1", 2U}}) {
    for (std::uint64_t revision = 1; revision <= count; ++revision) {
      ASSERT_TRUE(transaction->put(make_meta_data(id, "code", revision), code).has_value());
    }
  }
  ASSERT_TRUE(transaction->commit().has_value());
  const auto revisions = store().revisions("m").value();
  ASSERT_EQ(revisions.size(), 300U);
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    EXPECT_EQ(revisions[i].id, "m");
    EXPECT_EQ(revisions[i].revision, 300 - i);
  }
  EXPECT_EQ(store().revisions("m.1").value().size(), 2U);
  EXPECT_TRUE(store().revisions("k").value().empty());
}

// Small code, code at the limit of what stands in its reference record, and larger code are kept in
// different ways.
const std::size_t kCodeSizes[] = {0, 1, kInlineCode, kInlineCode + 1, 5000, 100'000};

TEST_P(StoreTest, KeepsSharedCodeUntilTheLastReferenceGoes) {
  for (const std::size_t size : kCodeSizes) {
    const std::string shared(size, 's');
    put("a", shared, 1);
    put("b", shared, 1);
    put("b", "other", 2);
    erase("a");
    EXPECT_EQ(store().read_blob(sha256(shared), true).value(),
              shared);  // an older revision of b has it
    erase("b");
    EXPECT_FALSE(has_blob(shared));
    EXPECT_FALSE(has_blob("other"));
  }
}

TEST_P(StoreTest, TellsWhichCodeAnEraseFreed) {
  for (const std::size_t size : kCodeSizes) {
    const std::string shared(size, 's');
    put("a", shared, 1);
    put("b", shared, 1);
    put("b", "other", 2);
    put("b", "third", 3);
    put("b", "third", 4);
    auto transaction = store().begin().value();
    EXPECT_THAT(transaction->erase("b").value(),
                testing::UnorderedElementsAre(sha256("other"), sha256("third")));
    EXPECT_THAT(transaction->erase("a").value(), testing::ElementsAre(sha256(shared)));
    ASSERT_TRUE(transaction->commit().has_value());
  }
}

TEST_P(StoreTest, TakesTheCodeThatIsThereWhenNoneIsGiven) {
  for (const std::size_t size : kCodeSizes) {
    const std::string shared(size, 's');
    put("a", shared);
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->put(make_meta_data("b", shared), nullptr).has_value());
    ASSERT_TRUE(transaction->commit().has_value());
    erase("a");
    EXPECT_EQ(store().read_blob(sha256(shared), true).value(), shared);
    erase("b");
    EXPECT_FALSE(has_blob(shared));
  }
}

TEST_P(StoreTest, RefusesToPutWithoutCodeThatIsNotThere) {
  auto transaction = store().begin().value();
  const auto put = transaction->put(make_meta_data("m", "missing"), nullptr);
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code, ErrorCode::kInternal);
  EXPECT_EQ(transaction->find("m").value(), std::nullopt);
}

TEST_P(StoreTest, AFailedOperationLeavesTheOthers) {
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->put(make_meta_data("a", "a"), make_code("a").bytes).has_value());
  EXPECT_FALSE(transaction->put(make_meta_data("b", "missing"), nullptr).has_value());
  const auto erased = transaction->erase("nobody");
  ASSERT_FALSE(erased.has_value());
  EXPECT_EQ(erased.error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(transaction->put(make_meta_data("c", "c"), make_code("c").bytes).has_value());
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_EQ(ids({}), (Ids{"a", "c"}));
}

TEST_P(StoreTest, ErasesAllRevisionsAndNoOtherModule) {
  put("m", "one", 1);
  put("m", "two", 2);
  put("m0", "m0", 1);
  put("m0", "m0", 2);
  erase("m");
  EXPECT_EQ(store().find("m").value(), std::nullopt);
  EXPECT_EQ(store().find_revision("m", 1).value(), std::nullopt);
  EXPECT_TRUE(store().revisions("m").value().empty());
  EXPECT_EQ(store().revisions("m0").value().size(), 2U);
  EXPECT_TRUE(has_blob("m0"));
}

TEST_P(StoreTest, StartsAnewAfterAnErase) {
  put("m", "one", 1);
  put("m", "two", 2);
  erase("m");
  put("m", "three", 1);
  EXPECT_EQ(store().revisions("m").value().size(), 1U);
  EXPECT_EQ(store().find_revision("m", 2).value(), std::nullopt);
}

TEST_P(StoreTest, ErasesWhatTheSameTransactionPut) {
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->put(make_meta_data("m", "code"), make_code("code").bytes).has_value());
  ASSERT_TRUE(transaction->erase("m").has_value());
  EXPECT_EQ(transaction->find("m").value(), std::nullopt);
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_FALSE(has_blob("code"));
}

TEST_P(StoreTest, ReadsSlicesOfASmallBlob) {
  put("small", "0123456789");
  Bytes slice;
  ASSERT_TRUE(store().read_blob_slice(sha256("0123456789"), 3, 4, slice).value());
  EXPECT_EQ(slice, "3456");
}

TEST_P(StoreTest, ReadsSlicesOfABlob) {
  std::string code(1'000'003, '\0');
  for (std::size_t i = 0; i < code.size(); ++i) code[i] = static_cast<char>(i * 31 >> 3);
  put("big", code);
  Bytes whole;
  Bytes slice = "left over";
  for (std::uint64_t offset = 0; offset < code.size(); offset += 65'536) {
    ASSERT_TRUE(store().read_blob_slice(sha256(code), offset, 65'536, slice).value());
    whole += slice;
  }
  EXPECT_EQ(whole, code);
  ASSERT_TRUE(store().read_blob_slice(sha256(code), code.size(), 10, slice).value());
  EXPECT_EQ(slice, "");
  ASSERT_TRUE(store().read_blob_slice(sha256(code), ~0ULL, 10, slice).value());
  EXPECT_EQ(slice, "");
}

TEST_P(StoreTest, ListsByIdInPages) {
  for (const char* id : {"b", "a", "c", "a.1", "B", "a-1"}) put(id, "code");
  const Ids all{"B", "a", "a-1", "a.1", "b", "c"};
  EXPECT_EQ(ids({}), all);
  EXPECT_EQ(store().list({}).value().next, std::nullopt);

  Ids paged;
  ListQuery query{.limit = 2};
  for (int page = 0; page < 3; ++page) {
    const ListPage found = store().list(query).value();
    ASSERT_EQ(found.items.size(), 2U);
    for (const WasmMetaData& item : found.items) paged.push_back(item.id);
    EXPECT_EQ(found.next.has_value(), page < 2);
    query.after = found.next.value_or("");
  }
  EXPECT_EQ(paged, all);
}

TEST_P(StoreTest, ListsByPrefixFromWhereItIsAsked) {
  for (const char* id : {"a", "ab", "ab1", "ab2", "ac", "b"}) put(id, "code");
  EXPECT_EQ(ids({.prefix = "ab"}), (Ids{"ab", "ab1", "ab2"}));
  EXPECT_EQ(ids({.after = "ab1", .prefix = "ab"}), (Ids{"ab2"}));
  EXPECT_EQ(ids({.after = "ab", .prefix = "ab"}), (Ids{"ab1", "ab2"}));
  EXPECT_EQ(ids({.after = "a", .prefix = "ab"}), (Ids{"ab", "ab1", "ab2"}));
  EXPECT_EQ(ids({.after = "z", .prefix = "ab"}), Ids{});
  EXPECT_EQ(ids({.after = "ab1"}), (Ids{"ab2", "ac", "b"}));
  EXPECT_EQ(store().list({.limit = 3, .prefix = "ab"}).value().next, std::nullopt);
}

TEST_P(StoreTest, ListsByLabelsAndKind) {
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

TEST_P(StoreTest, SaysNextOnlyWhenAnotherModuleMatches) {
  WasmMetaData red = make_meta_data("a", "c");
  red.labels = {{"colour", "red"}};
  put(red, "c");
  red.id = "c";
  put(red, "c");
  put("b", "c");
  put("d", "c");
  const ListPage first = store().list({.limit = 1, .labels = {{"colour", "red"}}}).value();
  EXPECT_EQ(first.next, "a");
  EXPECT_EQ(store().list({.limit = 2, .labels = {{"colour", "red"}}}).value().next, std::nullopt);
}

TEST_P(StoreTest, EndsAPageOfManyBytesEarly) {
  for (const char* id : {"a", "b", "c"}) {
    WasmMetaData large = make_meta_data(id, "c");
    ModuleInfo info = *large.info;
    info.functions[0].name = std::string(kListBytes * 6 / 10, 'f');
    large.info = info;
    put(large, "c");
  }
  const ListPage first = store().list({}).value();
  EXPECT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.next, "b");
  EXPECT_EQ(store().list({.after = "b"}).value().items.size(), 1U);
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

TEST_P(StoreTest, HasASecretOf32Bytes) { EXPECT_EQ(store().secret().size(), 32U); }

}  // namespace
}  // namespace wasm_server
