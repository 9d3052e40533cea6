// A store, its backup, and the store that is made of that.

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backup/backup_reader.h"
#include "store/backup/backup_audit.h"
#include "store/backup/backup_source.h"
#include "store/backup/restore_writer.h"
#include "store/batch.h"
#include "store/record_check.h"
#include "store/store_check.h"
#include "store/token_repository.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using Position = BackupSource::Position;

void put_token(Store& store, const std::string& id) {
  AccessToken token;
  token.id = id;
  token.hash = sha256(id);
  token.scopes.add(TokenScope::kAdmin);
  const auto batch = store.begin().value();
  ASSERT_TRUE(TokenBatch{*batch}.put(token).has_value());
  ASSERT_TRUE(store.commit(*batch).has_value());
}

std::string bytes_of(const BackupSource& source, Position at = {}) {
  std::string bytes;
  while (!at.ended) source.next(at, bytes);
  return bytes;
}

Result<void> restore(std::string_view bytes, Store& store) {
  RestoreWriter writer{store};
  BackupReader reader{writer};
  TRY(reader.push(bytes));
  TRY(reader.finish());
  return writer.finish();
}

// Everything of a store but where its code lies.
std::map<std::string, std::string> content_of(const Store& store) {
  std::map<std::string, std::string> content;
  for (std::size_t i = 0; i < kTables; ++i) {
    const auto table = static_cast<Table>(i);
    if (!is_backed_up(table)) continue;
    const auto cursor = store.scan(table, {});
    for (; cursor->valid(); cursor->next()) {
      std::string value{cursor->value()};
      if (table == Table::kReferences) {
        const Digest digest = digest_of(cursor->key());
        const auto reference = decode_reference(digest, value);
        value = std::to_string(reference->count) + " ";
        value += ModuleRepository{store}.read_code(digest).value().value();
      }
      content[std::to_string(i) + std::string{cursor->key()}] = value;
    }
  }
  return content;
}

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    EXPECT_TRUE(put_module(*store_, "a", "code").has_value());
    EXPECT_TRUE(put_module(*store_, "a", patterned(50'000), 2).has_value());
    EXPECT_TRUE(put_module(*store_, "b", patterned(50'000)).has_value());
    EXPECT_TRUE(put_module(*store_, "c", patterned(9'000)).has_value());
    EXPECT_TRUE(put_module(*store_, "large", patterned(1'300'000, 9)).has_value());
    put_token(*store_, "t");
  }

  std::unique_ptr<BackupSource> take() const {
    return BackupSource::take(*store_, "test", 5).value();
  }

  TestStore store_;
  TestStore other_;
};

TEST_F(BackupTest, BringsAllThatIsStoredIntoAnotherStore) {
  const auto source = take();
  ASSERT_TRUE(restore(bytes_of(*source), *other_).has_value());
  EXPECT_EQ(content_of(*other_), content_of(*store_));
  const StoreReport report = check_store(*other_);
  EXPECT_TRUE(report.damage.empty()) << report.damage.front();
  EXPECT_EQ(report.modules, 4U);
  EXPECT_TRUE(TokenRepository{*other_}.find("t").value().has_value());
}

TEST_F(BackupTest, AnEmptyStoreHasABackupToo) {
  const TestStore empty;
  const auto source = BackupSource::take(*empty, "test", 5).value();
  ASSERT_TRUE(restore(bytes_of(*source), *other_).has_value());
  EXPECT_TRUE(content_of(*other_).empty());
}

TEST_F(BackupTest, IsOfTheMomentWhenItWasTaken) {
  const auto before = content_of(*store_);
  const auto source = take();
  Position at;
  std::string bytes;
  source->next(at, bytes);
  ASSERT_TRUE(erase_module(*store_, "large").has_value());
  ASSERT_TRUE(erase_module(*store_, "c").has_value());
  ASSERT_TRUE(put_module(*store_, "b", patterned(60'000, 3), 2).has_value());
  ASSERT_TRUE(put_module(*store_, "d", patterned(1'300'000, 4)).has_value());
  bytes += bytes_of(*source, at);
  ASSERT_TRUE(restore(bytes, *other_).has_value());
  EXPECT_EQ(content_of(*other_), before);
}

// What was freed while a backup was read is used again after it.
TEST_F(BackupTest, SpaceIsFreeAfterIt) {
  auto source = take();
  ASSERT_TRUE(erase_module(*store_, "large").has_value());
  ASSERT_TRUE(put_module(*store_, "d", patterned(1'300'000, 4)).has_value());
  const std::uint64_t size = std::filesystem::file_size(store_.path() / "blobs");
  source.reset();
  ASSERT_TRUE(put_module(*store_, "e", patterned(1'300'000, 5)).has_value());
  EXPECT_EQ(std::filesystem::file_size(store_.path() / "blobs"), size);
}

TEST_F(BackupTest, GoesOnWithTheSameBytesAtEveryPosition) {
  const auto source = take();
  const std::string whole = bytes_of(*source);
  Position at;
  std::size_t positions = 0;
  while (!at.ended) {
    std::string piece;
    source->next(at, piece);
    EXPECT_EQ(bytes_of(*source, at), whole.substr(at.offset));
    ++positions;
  }
  EXPECT_GT(positions, 8U);
  EXPECT_EQ(at.offset, whole.size());
}

TEST_F(BackupTest, SaysWhatIsDamagedAndHasTheRest) {
  store_.close();
  {
    std::fstream file(store_.path() / "blobs", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1'200'000);
    file << "xyz";
  }
  store_.open();
  const auto batch = store_->begin().value();
  ASSERT_TRUE(batch->put(Table::kModules, "b", "no record").has_value());
  ASSERT_TRUE(store_->commit(*batch).has_value());
  const auto source = take();
  Position at;
  std::string bytes;
  std::vector<std::string> lost;
  while (!at.ended) source->next(at, bytes, &lost);
  ASSERT_EQ(lost.size(), 2U);
  EXPECT_NE(lost[0].find("record of b"), std::string::npos) << lost[0];
  EXPECT_NE(lost[1].find(to_hex(sha256(patterned(1'300'000, 9)))), std::string::npos) << lost[1];
  BackupAudit audit;
  BackupReader reader{audit};
  ASSERT_TRUE(reader.push(bytes).has_value());
  ASSERT_TRUE(reader.finish().has_value());
  const StoreReport report = std::move(audit).report();
  EXPECT_EQ(report.damage, lost);
  EXPECT_EQ(report.modules, 3U);
  ASSERT_TRUE(restore(bytes, *other_).has_value());
  EXPECT_EQ(other_.modules().read_code(sha256(patterned(50'000))).value(), patterned(50'000));
}

// A backup that somebody made by hand.
class HostileBackup {
 public:
  HostileBackup() {
    bytes_ = backup_first_line();
    add(FrameKind::kHead, encode_head(head_));
  }
  void add(FrameKind kind, std::string_view payload) {
    append_frame(bytes_, kind, payload, bytes_.size(),
                 kind == FrameKind::kHead ? 0 : seed_of(head_.id));
  }
  void add_record(std::string_view table, std::string_view key, std::string_view value) {
    std::string payload;
    begin_records(payload, table);
    append_record(payload, key, value);
    add(FrameKind::kRecords, payload);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  const BackupHead head_;
  std::string bytes_;
};

std::string error_of(const HostileBackup& backup) {
  const TestStore store;
  const auto done = restore(backup.bytes(), *store);
  return done ? "" : done.error().message;
}

TEST(HostileBackup, NamesNoPlaceOutsideOfItself) {
  HostileBackup backup;
  const Digest digest = sha256("code");
  const CodeReference reference{.count = 1, .size = 4, .blob = Blob{{4096, 4}, {1}}};
  backup.add_record("references", digest_key(digest), encode_reference(reference));
  EXPECT_NE(error_of(backup).find("outside"), std::string::npos);
}

TEST(HostileBackup, WritesNoTableThatIsTheStoresOwn) {
  for (const char* table : {"default", "extents", "a table to come"}) {
    HostileBackup backup;
    backup.add_record(table, "state", "x");
    EXPECT_NE(error_of(backup).find("does not know"), std::string::npos) << table;
  }
}

TEST(HostileBackup, HasNoRecordThatIsNone) {
  for (const char* table : {"modules", "revisions", "references", "code", "tokens"}) {
    HostileBackup backup;
    backup.add_record(table, "key", "x");
    EXPECT_NE(error_of(backup).find("a record that is none"), std::string::npos) << table;
  }
}

}  // namespace
}  // namespace wasm_server
