#include "store/rocks/compaction_stop.h"

#include <memory>

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include "testing/eventually.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

class CompactionStopTest : public testing::Test {
 protected:
  CompactionStopTest() {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(options, (directory_.path() / "db").string(), &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    db_.reset(db);
  }

  bool is_off() const { return db_->GetOptions().disable_auto_compactions; }
  void open() { stop_.use(*db_, {db_->DefaultColumnFamily()}); }

  TemporaryDirectory directory_;
  std::unique_ptr<rocksdb::DB> db_;
  CompactionStop stop_;
};

TEST_F(CompactionStopTest, WaitsForTheDatabaseToBeOpen) {
  EXPECT_TRUE(stop_.request("default"));
  EXPECT_FALSE(is_off());
  open();
  EXPECT_TRUE(eventually([this] { return is_off(); }));
  stop_.end();
}

// A compaction may fail while the database is being closed: its tables are gone by then.
TEST_F(CompactionStopTest, DoesNothingOnceItHasEnded) {
  open();
  stop_.end();
  EXPECT_TRUE(stop_.request("default"));
  stop_.end();  // a thread begun all the same would be joined here
  EXPECT_FALSE(is_off());
}

}  // namespace
}  // namespace wasm_server
