#include "store/module_repository.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/module_repository_test.h"

namespace wasm_server {
namespace {

// Code in its reference, code in a table of its own and code in the blob file, with the sizes
// between.
const std::size_t kCodeSizes[] = {
    0, 1, kInlineCode, kInlineCode + 1, 16U << 10, (16U << 10) + 1, 300'000};

TEST_F(ModuleRepositoryTest, FindsNothingInAnEmptyStore) {
  EXPECT_EQ(modules().find("m").value(), std::nullopt);
  EXPECT_EQ(modules().find("").value(), std::nullopt);
  EXPECT_EQ(modules().find(std::string(5000, 'x')).value(), std::nullopt);
  EXPECT_EQ(modules().find_revision("m", 1).value(), std::nullopt);
  EXPECT_TRUE(modules().list({}).value().items.empty());
  EXPECT_EQ(modules().read_code(sha256("")).value(), std::nullopt);
  Bytes out;
  EXPECT_FALSE(modules().read_code_slice(sha256(""), 0, 10, out).value());
}

TEST_F(ModuleRepositoryTest, ReturnsWhatWasPut) {
  put("m", "code");
  EXPECT_EQ(modules().find("m").value(), make_meta_data("m", "code"));
  EXPECT_EQ(modules().find_revision("m", 1).value(), make_meta_data("m", "code"));
  EXPECT_EQ(modules().read_code(sha256("code")).value(), "code");
}

TEST_F(ModuleRepositoryTest, StoresCodeOfNoBytesAndOfAllBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  put("empty", "");
  put("all", all);
  EXPECT_EQ(modules().read_code(sha256("")).value(), "");
  EXPECT_EQ(modules().read_code(sha256(all)).value(), all);
}

TEST_F(ModuleRepositoryTest, KeepsOlderRevisions) {
  put("m", "one", 1);
  put("m", "two", 2);
  put("m", "three", 3);
  EXPECT_EQ(modules().find("m").value(), make_meta_data("m", "three", 3));
  for (const auto& [revision, code] : {std::pair{1U, "one"}, {2U, "two"}, {3U, "three"}}) {
    EXPECT_EQ(modules().find_revision("m", revision).value(), make_meta_data("m", code, revision));
    EXPECT_TRUE(has_code(code));
  }
  EXPECT_EQ(modules().find_revision("m", 4).value(), std::nullopt);
  EXPECT_EQ(modules().find_revision("m", 0).value(), std::nullopt);
}

TEST_F(ModuleRepositoryTest, FindsRevisionsWithinTheBatchThatMadeThem) {
  const auto batch = begin();
  ASSERT_TRUE(put_in(*batch, "m", "one", 1).has_value());
  ASSERT_TRUE(put_in(*batch, "m", "two", 2).has_value());
  const ModuleBatch within{*batch};
  EXPECT_EQ(within.find("m").value(), make_meta_data("m", "two", 2));
  EXPECT_EQ(within.find_revision("m", 1).value(), make_meta_data("m", "one", 1));
  EXPECT_EQ(within.find_revision("m", 2).value(), make_meta_data("m", "two", 2));
  EXPECT_EQ(modules().find("m").value(), std::nullopt);
}

TEST_F(ModuleRepositoryTest, GivesOnlyTheRevisionsOfTheId) {
  const auto batch = begin();
  for (const auto& [id, count] : {std::pair{"l", 2U}, {"m", 300U}, {"m.1", 2U}}) {
    for (std::uint64_t revision = 1; revision <= count; ++revision)
      ASSERT_TRUE(put_in(*batch, id, "code", revision).has_value());
  }
  ASSERT_TRUE(commit(*batch).has_value());
  const auto found = revisions("m");
  ASSERT_EQ(found.size(), 300U);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], 300 - i);
  EXPECT_EQ(revisions("m.1").size(), 2U);
  EXPECT_TRUE(revisions("k").empty());
}

// --- Code that is shared

TEST_F(ModuleRepositoryTest, KeepsSharedCodeUntilTheLastReferenceGoes) {
  for (const std::size_t size : kCodeSizes) {
    const std::string shared = patterned(size, 2);
    put("a", shared, 1);
    put("b", shared, 1);
    put("b", "other", 2);
    erase("a");
    EXPECT_TRUE(holds(shared)) << size;  // an older revision of b has it
    erase("b");
    EXPECT_FALSE(has_code(shared)) << size;
    EXPECT_FALSE(has_code("other"));
  }
}

TEST_F(ModuleRepositoryTest, TellsWhichCodeAnEraseFreed) {
  for (const std::size_t size : kCodeSizes) {
    const std::string shared = patterned(size, 2);
    put("a", shared, 1);
    put("b", shared, 1);
    put("b", "other", 2);
    put("b", "third", 3);
    put("b", "third", 4);
    const auto batch = begin();
    EXPECT_THAT(ModuleBatch{*batch}.erase("b")->freed,
                testing::UnorderedElementsAre(sha256("other"), sha256("third")));
    EXPECT_THAT(ModuleBatch{*batch}.erase("a")->freed, testing::ElementsAre(sha256(shared)));
    ASSERT_TRUE(commit(*batch).has_value());
  }
}

TEST_F(ModuleRepositoryTest, KeepsAsManyRevisionsAsItIsTold) {
  for (const char* code : {"1", "2", "3", "4"}) put("m", code, std::stoul(code));
  put("m", "4", 5);
  put("m2", "1", 1);
  const auto keep = [&](std::uint64_t revisions) {
    const auto batch = begin();
    auto change = ModuleBatch{*batch}.keep_newest("m", revisions).value();
    EXPECT_TRUE(commit(*batch).has_value());
    return change.freed;
  };
  EXPECT_THAT(keep(5), testing::IsEmpty());
  EXPECT_THAT(keep(4), testing::IsEmpty()) << "another module has its code";
  EXPECT_THAT(revisions("m"), testing::ElementsAre(5, 4, 3, 2));
  EXPECT_THAT(keep(2), testing::UnorderedElementsAre(sha256("2"), sha256("3")));
  EXPECT_THAT(keep(0), testing::IsEmpty()) << "the current one has the same code";
  EXPECT_THAT(revisions("m"), testing::ElementsAre(5));
  erase("m");
  EXPECT_TRUE(holds("1"));
}

TEST_F(ModuleRepositoryTest, ErasesRevisionsBehindAGap) {
  for (const char* code : {"1", "2", "3", "4"}) put("m", code, std::stoul(code));
  const auto batch = begin();
  ASSERT_TRUE(batch->erase(Table::kRevisions, revision_key("m", 2)).has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  erase("m");
  EXPECT_FALSE(has_code("1"));
  EXPECT_FALSE(has_code("3"));
}

TEST_F(ModuleRepositoryTest, TakesTheCodeThatIsThereWhenNoneIsGiven) {
  for (const std::size_t size : kCodeSizes) {
    const std::string shared = patterned(size, 2);
    put("a", shared);
    const auto batch = begin();
    ASSERT_TRUE(ModuleBatch{*batch}.put(make_meta_data("b", shared), nullptr).has_value());
    ASSERT_TRUE(commit(*batch).has_value());
    erase("a");
    EXPECT_TRUE(holds(shared));
    erase("b");
    EXPECT_FALSE(has_code(shared));
  }
}

TEST_F(ModuleRepositoryTest, RefusesToPutWithoutCodeThatIsNotThere) {
  const auto batch = begin();
  const auto put = ModuleBatch{*batch}.put(make_meta_data("m", "missing"), nullptr);
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code, ErrorCode::kInternal);
}

TEST_F(ModuleRepositoryTest, CodeThatIsErasedAndStoredAgainInOneBatchIsThere) {
  for (const std::size_t size : kCodeSizes) {
    const std::string code = patterned(size, 3);
    put("a", code);
    const auto batch = begin();
    ASSERT_TRUE(ModuleBatch{*batch}.erase("a").has_value());
    ASSERT_TRUE(put_in(*batch, "b", code).has_value());
    ASSERT_TRUE(commit(*batch).has_value());
    put("other", patterned(size, 4));  // may lie where "a" was
    EXPECT_TRUE(holds(code)) << size;
    erase("b");
    erase("other");
  }
}

TEST_F(ModuleRepositoryTest, CodeThatIsStoredAndErasedInOneBatchLeavesNothing) {
  for (const std::size_t size : kCodeSizes) {
    const auto batch = begin();
    ASSERT_TRUE(put_in(*batch, "a", patterned(size, 5)).has_value());
    ASSERT_TRUE(put_in(*batch, "b", patterned(size, 6) + "b").has_value());
    ASSERT_TRUE(ModuleBatch{*batch}.erase("a").has_value());
    EXPECT_EQ(ModuleBatch{*batch}.find("a").value(), std::nullopt);
    ASSERT_TRUE(commit(*batch).has_value());
    EXPECT_FALSE(has_code(patterned(size, 5)));
    EXPECT_TRUE(holds(patterned(size, 6) + "b"));
    erase("b");
  }
}

// --- Erasing

TEST_F(ModuleRepositoryTest, ErasesAllRevisionsAndNoOtherModule) {
  put("m", "one", 1);
  put("m", "two", 2);
  put("m0", "m0", 1);
  put("m0", "m0", 2);
  erase("m");
  EXPECT_EQ(modules().find("m").value(), std::nullopt);
  EXPECT_EQ(modules().find_revision("m", 1).value(), std::nullopt);
  EXPECT_EQ(revisions("m0").size(), 2U);
  EXPECT_TRUE(has_code("m0"));
}

TEST_F(ModuleRepositoryTest, StartsAnewAfterAnErase) {
  put("m", "one", 1);
  put("m", "two", 2);
  erase("m");
  put("m", "three", 1);
  EXPECT_EQ(revisions("m").size(), 1U);
  EXPECT_EQ(modules().find_revision("m", 2).value(), std::nullopt);
}

TEST_F(ModuleRepositoryTest, SaysWhatCannotBeErased) {
  const auto batch = begin();
  const auto erased = ModuleBatch{*batch}.erase("nobody");
  ASSERT_FALSE(erased.has_value());
  EXPECT_EQ(erased.error().code, ErrorCode::kNotFound);
}

// --- Slices

TEST_F(ModuleRepositoryTest, ReadsSlicesOfSmallCode) {
  put("small", "0123456789");
  Bytes slice;
  ASSERT_TRUE(modules().read_code_slice(sha256("0123456789"), 3, 4, slice).value());
  EXPECT_EQ(slice, "3456");
}

TEST_F(ModuleRepositoryTest, ReadsSlicesWhereverTheCodeIs) {
  for (const std::size_t size : {500U, 5'000U, 1'000'003U}) {
    const std::string code = patterned(size);
    put("m", code);
    Bytes whole;
    Bytes slice = "left over";
    for (std::uint64_t offset = 0; offset < code.size(); offset += 10'000) {
      ASSERT_TRUE(modules().read_code_slice(sha256(code), offset, 10'000, slice).value());
      whole += slice;
    }
    EXPECT_TRUE(whole == code) << size;
    for (const std::uint64_t beyond : {std::uint64_t{size}, ~std::uint64_t{0}}) {
      ASSERT_TRUE(modules().read_code_slice(sha256(code), beyond, 10, slice).value());
      EXPECT_EQ(slice, "");
    }
    erase("m");
  }
}

TEST_F(ModuleRepositoryTest, HoldsCodeOf130MiB) {
  const std::string code = patterned(130U << 20);
  put("big", code);
  EXPECT_TRUE(holds(code));
  Bytes slice;
  ASSERT_TRUE(modules().read_code_slice(sha256(code), 129U << 20, 1U << 20, slice).value());
  EXPECT_TRUE(slice == code.substr(129U << 20));
}

// --- Damage

class DamagedRecords : public ModuleRepositoryTest {
 protected:
  Result<void> put_without_code(std::string_view id, std::string_view code) {
    const auto batch = begin();
    TRY(ModuleBatch{*batch}.put(make_meta_data(id, code, 1), nullptr));
    return commit(*batch);
  }

  // As a fault of this program, or of memory, would leave it: the database's checksums are right.
  void replace(Table table, std::string_view key, std::string_view value) {
    const auto batch = begin();
    ASSERT_TRUE(batch->put(table, key, value).has_value());
    ASSERT_TRUE(commit(*batch).has_value());
  }
};

TEST_F(DamagedRecords, AreToldFromMissingOnesAndNotWrittenOver) {
  put("good", "good");
  put("bad", "bad");
  replace(Table::kModules, "bad", "no record");
  const auto bad = modules().find("bad");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::kInternal);
  EXPECT_NE(bad.error().log.find("record of bad"), std::string::npos) << bad.error().log;
  const ListPage page = modules().list({}).value();
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].id, "good");
  EXPECT_THAT(page.damaged, testing::ElementsAre(Unreadable{.id = "bad"}));
  EXPECT_TRUE(modules().find("good").value().has_value());
  EXPECT_FALSE(put_module(*store_, "bad", "new", 2).has_value());
  EXPECT_FALSE(erase_module(*store_, "bad").has_value());
  EXPECT_TRUE(put_module(*store_, "good", "new", 2).has_value());
}

TEST_F(DamagedRecords, OfCodeAreTold) {
  put("m", "small code");
  const Digest digest = sha256("small code");
  replace(Table::kReferences, digest_key(digest), "no reference");
  EXPECT_FALSE(modules().read_code(digest).has_value());
  EXPECT_FALSE(put_without_code("n", "small code").has_value());
  EXPECT_TRUE(put_module(*store_, "n", "other code").has_value());
}

// By their own records, those of the batch too.
TEST_F(DamagedRecords, OfCodeAreCountedAnewWhenItIsStoredAgain) {
  for (const std::size_t size : kCodeSizes) {
    const std::string code = patterned(size, 5);
    put("current", code, 1);
    put("older", code, 1);
    put("older", "newer", 2);
    put("erased", code, 1);
    replace(Table::kReferences, digest_key(sha256(code)), "no reference");
    const auto batch = begin();
    ASSERT_TRUE(ModuleBatch{*batch}.erase("erased").has_value());
    ASSERT_TRUE(put_in(*batch, "again", code).has_value());
    ASSERT_TRUE(commit(*batch).has_value());
    EXPECT_TRUE(holds(code));
    for (const char* id : {"current", "older", "again"}) {
      EXPECT_TRUE(holds(code)) << id;
      erase(id);
    }
    EXPECT_FALSE(has_code(code)) << size;
  }
}

TEST_F(DamagedRecords, OfCodeAreLeftWhenTheirModuleIsDeleted) {
  put("m", "small code");
  replace(Table::kReferences, digest_key(sha256("small code")), "no reference");
  erase("m");
  EXPECT_FALSE(modules().find("m").value().has_value());
  put("m", "small code");
  EXPECT_TRUE(holds("small code"));
  erase("m");
  EXPECT_FALSE(has_code("small code"));
}

TEST_F(DamagedRecords, OfModulesKeepCodeFromBeingFreedThatTheyMayHave) {
  put("m", "code");
  put("unreadable", "code");
  replace(Table::kModules, "unreadable", "no record");
  replace(Table::kReferences, digest_key(sha256("code")), "no reference");
  put("again", "code");
  erase("m");
  erase("again");
  EXPECT_TRUE(holds("code"));
}

TEST_F(DamagedRecords, DoNotEraseWhenReferencesDoNotAddUp) {
  put("m", "code", 1);
  put("m", "code", 2);
  replace(Table::kReferences, digest_key(sha256("code")),
          encode_reference({.count = 1, .size = 4, .code = "code"}));
  EXPECT_FALSE(erase_module(*store_, "m").has_value());
  EXPECT_TRUE(modules().find("m").value().has_value());
}

}  // namespace
}  // namespace wasm_server
