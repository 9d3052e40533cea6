#include "store/store_check.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "store/batch.h"
#include "store/kept_modules_test.h"

namespace wasm_server {
namespace {

class StoreCheckTest : public KeptModulesTest {
 protected:
  void expect_damage(std::string_view what) {
    const StoreReport report = check_store(*store_);
    ASSERT_EQ(report.damage.size(), 1U) << (report.damage.empty() ? "" : report.damage.back());
    EXPECT_NE(report.damage[0].find(what), std::string::npos) << report.damage[0];
  }
};

TEST_F(StoreCheckTest, FindsNothingInAWholeStore) {
  const StoreReport report = check_store(*store_);
  EXPECT_TRUE(report.damage.empty()) << report.damage.front();
  EXPECT_EQ(report.modules, 3U);
  EXPECT_EQ(report.revisions, 1U);
  EXPECT_EQ(report.codes, 3U);
}

TEST_F(StoreCheckTest, NamesCodeThatTheDiskDamaged) {
  store_.close();
  {
    std::fstream file(store_.path() / "blobs", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(30'000);
    file << 'x';
  }
  store_.open();
  expect_damage("code " + to_hex(sha256(patterned(50'000))));
}

TEST_F(StoreCheckTest, NamesCodeThatIsNotWhatWasStored) {
  change(Table::kCode, digest_key(sha256(patterned(9'000))), patterned(9'000, 5));
  expect_damage(to_hex(sha256(patterned(9'000))) + " is not what was stored");
}

TEST_F(StoreCheckTest, NamesCodeThatIsMissing) {
  change(Table::kReferences, digest_key(sha256("code")), {});
  expect_damage(to_hex(sha256("code")) + " is missing");
}

TEST_F(StoreCheckTest, NamesARecordThatIsNone) {
  change(Table::kModules, "b", "no record");
  expect_damage("module b: ");
}

TEST_F(StoreCheckTest, ComparesTheCountsOfReferences) {
  change(Table::kModules, "c", {});
  expect_damage(to_hex(sha256(patterned(9'000))) + " counts 1 references, and has 0");
}

}  // namespace
}  // namespace wasm_server
