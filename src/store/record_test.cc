#include "store/record.h"

#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <xxhash.h>

#include "store/byte_codec.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

std::string encoded(const WasmMetaData& meta_data) {
  std::string record;
  encode_record(meta_data, record);
  return record;
}

// Makes altered bytes pass the checksum, so that the decoder behind it meets them.
void reseal(std::string& record) {
  if (record.size() < 9) return;
  std::string checksum;
  ByteWriter{checksum}.u64(XXH3_64bits(record.data() + 9, record.size() - 9));
  record.replace(1, 8, checksum);
}

TEST(Record, ReturnsEveryFieldAsItWas) {
  WasmMetaData meta_data = make_meta_data("every.field", "code", 7);
  ModuleInfo info = *meta_data.info;
  info.kind = ModuleKind::kCommand;
  info.functions.push_back({"", {{"x", ValueType::kOther}}, {}});
  info.functions.push_back({std::string("nul\0nul", 7), {}, {ValueType::kV128, ValueType::kF64}});
  meta_data.size = std::numeric_limits<std::uint64_t>::max();
  meta_data.limits = {std::numeric_limits<std::uint64_t>::max(), 0, 127, 128, std::nullopt};
  meta_data.created_at = -5;
  EXPECT_EQ(decode_record("every.field", encoded(meta_data)), meta_data);
  WasmMetaData bare;
  bare.id = "m";
  EXPECT_EQ(decode_record("m", encoded(bare)), bare);
}

TEST(Record, GivesItsHeadWithoutTheRest) {
  const WasmMetaData meta_data = make_meta_data("m", "code", 3);
  const auto head = decode_record_head("m", encoded(meta_data));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->revision, 3U);
  EXPECT_EQ(head->digest, meta_data.digest);
  EXPECT_EQ(head->size, meta_data.size);
  EXPECT_EQ(head->created_at, meta_data.created_at);
  EXPECT_EQ(head->updated_at, meta_data.updated_at);
}

TEST(Record, IsRefusedWhenCutOffAnywhere) {
  const std::string record = encoded(make_meta_data("m", "code"));
  for (std::size_t length = 0; length < record.size(); ++length) {
    const auto decoded = decode_record("m", std::string_view{record}.substr(0, length));
    ASSERT_FALSE(decoded.has_value()) << length;
    EXPECT_EQ(decoded.error().code, ErrorCode::kInternal);
    EXPECT_NE(decoded.error().log.find("m: "), std::string::npos);
    EXPECT_FALSE(decode_record_head("m", std::string_view{record}.substr(0, length)).has_value());
  }
}

TEST(Record, IsRefusedWhenAnyBitIsFlipped) {
  const std::string good = encoded(make_meta_data("m", "code"));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string record = good;
    record[bit / 8] = static_cast<char>(record[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_record("m", record).has_value()) << bit;
    EXPECT_FALSE(decode_record_head("m", record).has_value()) << bit;
  }
}

TEST(Record, IsRefusedWithBytesBehindItsEnd) {
  std::string record = encoded(make_meta_data("m", "code"));
  record += '\0';
  reseal(record);
  EXPECT_FALSE(decode_record("m", record).has_value());
}

// The checksum keeps accidents out; whatever passes it must still never be read out of bounds (the
// sanitizers look on).
TEST(Record, NeverReadsOutOfBoundsWhateverTheBytes) {
  std::mt19937 random{42};
  const std::string good = encoded(make_meta_data("m", "code"));
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string record = good;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      record[9 + random() % (record.size() - 9)] = static_cast<char>(random());
    }
    if (random() % 4 == 0) record.resize(9 + random() % (record.size() - 9));
    reseal(record);
    accepted += decode_record("m", record).has_value() ? 1 : 0;
    static_cast<void>(decode_record_head("m", record));
  }
  EXPECT_GT(accepted, 0);       // changes of a text or a number are still a record,
  EXPECT_LT(accepted, 20'000);  // changes of a length are not
}

TEST(Record, RefusesAnotherVersion) {
  std::string record = encoded(make_meta_data("m", "code"));
  record[0] = 2;
  const auto decoded = decode_record("m", record);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_NE(decoded.error().log.find("version"), std::string::npos);
}

TEST(Record, ReusesTheBufferThatItIsGiven) {
  std::string record = "something else";
  encode_record(make_meta_data("m", "code"), record);
  EXPECT_EQ(record, encoded(make_meta_data("m", "code")));
}

TEST(BlobReference, ReturnsAsItWasAndIsRefusedWhenAltered) {
  const Digest digest = sha256("code");
  std::string record = encode_reference({3, 1000, {}});
  const auto reference = decode_reference(digest, record);
  ASSERT_TRUE(reference.has_value());
  EXPECT_EQ(reference->count, 3U);
  EXPECT_EQ(reference->size, 1000U);
  EXPECT_EQ(reference->code, std::nullopt);
  record.back() = 'x';
  EXPECT_FALSE(decode_reference(digest, record).has_value());
  EXPECT_FALSE(decode_reference(digest, "").has_value());
}

TEST(BlobReference, CarriesSmallCodeAndEmptyCode) {
  for (const std::string code : {"", "c", "some code"}) {
    const std::string record = encode_reference({1, code.size(), code});
    EXPECT_EQ(decode_reference(sha256(code), record).value().code, code);
  }
}

TEST(BlobReference, IsRefusedWithCodeOfAnotherSize) {
  const Digest digest = sha256("code");
  EXPECT_FALSE(decode_reference(digest, encode_reference({1, 3, "code"})).has_value());
  EXPECT_FALSE(decode_reference(digest, encode_reference({1, 5, "code"})).has_value());
  EXPECT_FALSE(decode_reference(digest, encode_reference({1, 0, "code"})).has_value());
}

TEST(BlobReference, CarriesAPlaceInTheCodeFile) {
  const Digest digest = sha256("code");
  std::string record = encode_reference({2, 20'000, std::nullopt, CodePlace{4096, 20'000}});
  const auto reference = decode_reference(digest, record).value();
  EXPECT_EQ(reference.count, 2U);
  EXPECT_EQ(reference.place, (CodePlace{4096, 20'000}));
  EXPECT_EQ(reference.code, std::nullopt);
  record.pop_back();
  EXPECT_FALSE(decode_reference(digest, record).has_value());
}

TEST(Extent, ReturnsAsItWasAndIsRefusedWhenAltered) {
  const CodePlace place{0x123456789000, 77'777};
  std::string record = encode_extent(place);
  EXPECT_EQ(decode_extent(extent_key(place), record).value(), place);
  record.back() = 'x';
  EXPECT_FALSE(decode_extent(extent_key(place), record).has_value());
  EXPECT_FALSE(decode_extent(extent_key(place), "").has_value());
}

TEST(Extent, SortsByItsOffset) {
  EXPECT_LT(extent_key({255 << 12, 1}), extent_key({256 << 12, 1}));
  EXPECT_LT(extent_key({1ULL << 31, 9}), extent_key({1ULL << 32, 1}));
}

TEST(RevisionKey, SortsByIdAndThenByNumber) {
  EXPECT_LT(revision_key("a", 255), revision_key("a", 256));
  EXPECT_LT(revision_key("a", ~0ULL), revision_key("a.b", 1));
  EXPECT_TRUE(revision_key("a", 1).starts_with(revision_prefix("a")));
  EXPECT_FALSE(revision_key("ab", 1).starts_with(revision_prefix("a")));
}

TEST(ByteReader, RefusesVarintsThatDoNotFit) {
  ByteReader longest{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
  EXPECT_EQ(longest.varint(), ~0ULL);
  EXPECT_FALSE(longest.failed());
  ByteReader too_large{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"};
  too_large.varint();
  EXPECT_TRUE(too_large.failed());
  ByteReader endless{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"};
  endless.varint();
  EXPECT_TRUE(endless.failed());
}

}  // namespace
}  // namespace wasm_server
