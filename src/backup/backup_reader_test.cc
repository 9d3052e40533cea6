#include "backup/backup_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

// Frames as a server makes them, and where each begins.
class Writer {
 public:
  Writer() {
    head_.id.bytes[3] = 7;
    head_.created_at = 1'800'000'000'000;
    head_.program = "0.1.0";
    head_.bytes = 500;
    bytes_ = backup_first_line();
    add(FrameKind::kHead, encode_head(head_));
  }

  void add(FrameKind kind, std::string_view payload) {
    begins_.push_back(bytes_.size());
    append_frame(bytes_, kind, payload, bytes_.size(),
                 kind == FrameKind::kHead ? 0 : seed_of(head_.id));
  }
  void add_records(std::string_view table,
                   const std::vector<std::pair<std::string, std::string>>& all) {
    std::string payload;
    begin_records(payload, table);
    for (const auto& [key, value] : all) append_record(payload, key, value);
    add(FrameKind::kRecords, payload);
  }
  void add_code(std::string_view code, std::size_t from, std::size_t size) {
    add(FrameKind::kCode, encode_code({.digest = sha256(code),
                                       .count = 2,
                                       .size = code.size(),
                                       .offset = from,
                                       .bytes = code.substr(from, size)}));
  }

  const std::string& bytes() const { return bytes_; }
  const std::vector<std::size_t>& begins() const { return begins_; }
  const BackupHead& head() const { return head_; }

 private:
  BackupHead head_;
  std::string bytes_;
  std::vector<std::size_t> begins_;
};

Writer whole() {
  Writer writer;
  writer.add_records("modules", {{"a", "1"}, {"b", ""}});
  writer.add_records("modules", {{"c", "3"}});
  writer.add_code("some code", 0, 4);
  writer.add_code("some code", 4, 5);
  writer.add(FrameKind::kLost, encode_lost({"tokens", "t", "token t: gone"}));
  writer.add_records("tokens", {{"u", "4"}});
  writer.add(FrameKind::kEnd, encode_end({.records = 4, .codes = 1, .code_bytes = 9, .lost = 1}));
  return writer;
}

struct Collected : BackupVisitor {
  Result<void> frame(std::string_view bytes) override {
    frames += bytes;
    return {};
  }
  Result<void> record(std::string_view table, std::string_view key,
                      std::string_view value) override {
    said += std::string{table} + "/" + std::string{key} + "=" + std::string{value} + " ";
    return {};
  }
  Result<void> code(const CodePiece& piece) override {
    said += "code:" + std::string{piece.bytes} + " ";
    return {};
  }
  Result<void> lost(const LostRecord& lost) override {
    said += lost.reason + " ";
    return {};
  }

  std::string frames;
  std::string said;
};

constexpr std::string_view kAll =
    "modules/a=1 modules/b= modules/c=3 code:some code: code token t: gone tokens/u=4 ";

Result<void> read(std::string_view bytes, Collected& collected) {
  BackupReader reader{collected};
  TRY(reader.push(bytes));
  return reader.finish();
}

std::string error_of(std::string_view bytes) {
  Collected collected;
  const auto done = read(bytes, collected);
  return done ? "" : done.error().message;
}

TEST(BackupReader, GivesAllThatABackupHoldsWhateverThePieces) {
  const Writer writer = whole();
  for (std::size_t piece = 1; piece <= writer.bytes().size(); piece = piece * 2 + 1) {
    Collected collected;
    BackupReader reader{collected};
    for (std::size_t at = 0; at < writer.bytes().size(); at += piece)
      ASSERT_TRUE(reader.push(std::string_view{writer.bytes()}.substr(at, piece)));
    ASSERT_TRUE(reader.finish());
    EXPECT_EQ(collected.said, kAll);
    EXPECT_EQ(collected.frames, writer.bytes());
    EXPECT_EQ(reader.head()->id, writer.head().id);
    EXPECT_EQ(reader.head()->program, "0.1.0");
    EXPECT_EQ(reader.totals().code_bytes, 9U);
  }
}

TEST(BackupReader, RefusesEveryChangedBit) {
  const std::string bytes = whole().bytes();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(error_of(changed), "") << "bit " << bit;
  }
}

TEST(BackupReader, RefusesEveryCutAndEverythingBehindTheEnd) {
  const std::string bytes = whole().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(error_of(bytes.substr(0, size)), "") << size;
  EXPECT_NE(error_of(bytes + "x"), "");
  EXPECT_NE(error_of(bytes + bytes), "");
}

TEST(BackupReader, GoesOnAtEveryFrameAfterABreak) {
  const Writer writer = whole();
  for (std::size_t cut = 1; cut < writer.bytes().size(); ++cut) {
    Collected collected;
    BackupReader reader{collected};
    ASSERT_TRUE(reader.push(std::string_view{writer.bytes()}.substr(0, cut)));
    ASSERT_LE(reader.offset(), cut);
    ASSERT_EQ(collected.frames.size(), reader.offset());
    reader.resume();
    ASSERT_TRUE(reader.push(std::string_view{writer.bytes()}.substr(reader.offset())));
    ASSERT_TRUE(reader.finish());
    EXPECT_EQ(collected.said, kAll);
    EXPECT_EQ(collected.frames, writer.bytes());
  }
}

TEST(BackupReader, RefusesFramesThatAreMissingTwiceOrExchanged) {
  const Writer writer = whole();
  const std::string& bytes = writer.bytes();
  const auto frame = [&](std::size_t i) {
    const std::size_t end = i + 1 < writer.begins().size() ? writer.begins()[i + 1] : bytes.size();
    return bytes.substr(writer.begins()[i], end - writer.begins()[i]);
  };
  for (std::size_t i = 0; i < writer.begins().size(); ++i) {
    std::string without = bytes;
    without.erase(writer.begins()[i], frame(i).size());
    EXPECT_NE(error_of(without), "") << i;
    std::string twice = bytes;
    twice.insert(writer.begins()[i], frame(i));
    EXPECT_NE(error_of(twice), "") << i;
  }
}

TEST(BackupReader, RefusesAFrameOfAnotherBackup) {
  Writer writer = whole();
  BackupId other = writer.head().id;
  other.bytes[0] = 1;
  std::string bytes = writer.bytes().substr(0, writer.begins().back());
  append_frame(bytes, FrameKind::kEnd, encode_end({4, 1, 9, 1}), bytes.size(), seed_of(other));
  EXPECT_NE(error_of(bytes).find("checksum"), std::string::npos);
}

// What is right by its checksums, and wrong all the same.
TEST(BackupReader, RefusesWhatDoesNotFollow) {
  Writer unsorted;
  unsorted.add_records("modules", {{"b", ""}, {"a", ""}});
  EXPECT_NE(error_of(unsorted.bytes()).find("wrong order"), std::string::npos);
  Writer again;
  again.add_records("modules", {{"a", ""}});
  again.add_records("tokens", {{"a", ""}});
  again.add_records("modules", {{"b", ""}});
  EXPECT_NE(error_of(again.bytes()).find("comes twice"), std::string::npos);
  Writer gap;
  gap.add_code("some code", 0, 4);
  gap.add_code("some code", 5, 4);
  EXPECT_NE(error_of(gap.bytes()).find("is missing"), std::string::npos);
  Writer half;
  half.add_code("some code", 0, 4);
  half.add_records("tokens", {});
  EXPECT_NE(error_of(half.bytes()).find("is not whole"), std::string::npos);
  Writer other;
  other.add(FrameKind::kCode, encode_code({sha256("one"), 1, 3, 0, "two"}));
  EXPECT_NE(error_of(other.bytes()).find("another digest"), std::string::npos);
  Writer empty;
  empty.add_code("", 0, 0);
  EXPECT_NE(error_of(empty.bytes()).find("empty"), std::string::npos);
  Writer totals;
  totals.add(FrameKind::kEnd, encode_end({.records = 1}));
  EXPECT_NE(error_of(totals.bytes()).find("missing"), std::string::npos);
  Writer second;
  second.add(FrameKind::kHead, encode_head({}));
  EXPECT_NE(error_of(second.bytes()), "");
}

TEST(BackupReader, CodeWhosePiecesEndAsLostIsNotWhole) {
  Writer writer;
  writer.add_code("some code", 0, 4);
  const Digest digest = sha256("some code");
  const std::string key(digest.bytes.begin(), digest.bytes.end());
  writer.add(FrameKind::kLost, encode_lost({"references", key, "gone"}));
  writer.add_code("some core", 0, 9);
  writer.add(FrameKind::kEnd, encode_end({.codes = 1, .code_bytes = 9, .lost = 1}));
  const bool upwards = sha256("some code") < sha256("some core");
  EXPECT_EQ(error_of(writer.bytes()).empty(), upwards);
}

TEST(BackupReader, SaysWhichFormatItDoesNotKnow) {
  EXPECT_NE(error_of("wasm-server backup 2\nanything").find("has format 2"), std::string::npos);
  EXPECT_NE(error_of("wasm-server backup x\n").find("damaged"), std::string::npos);
  EXPECT_NE(error_of("another file").find("no backup"), std::string::npos);
  EXPECT_NE(error_of("").find("no backup"), std::string::npos);
}

TEST(BackupReader, WaitsForAnEnormousFrameWithoutItsMemory) {
  Writer writer;
  std::string bytes = writer.bytes();
  bytes += '\x02';
  bytes += std::string("\xff\xff\xff\x0f\0\0\0\0", 8);
  EXPECT_NE(error_of(bytes).find("ends too early"), std::string::npos);
  bytes.back() = '\x01';
  EXPECT_NE(error_of(bytes).find("no frame"), std::string::npos);
}

}  // namespace
}  // namespace wasm_server
