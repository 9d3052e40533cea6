#include "store/module_record.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/modules.h"

namespace wasm_server {
namespace {

std::string encoded(const WasmMetaData& meta_data) {
  std::string record;
  encode_record(meta_data, record);
  return record;
}

TEST(ModuleRecord, ReturnsEveryFieldAsItWas) {
  WasmMetaData meta_data = make_meta_data("every.field", "code", 7);
  ModuleInfo info = *meta_data.info;
  info.kind = ModuleKind::kCommand;
  info.functions.push_back({"", {{"x", ValueType::kOther}}, {}});
  info.functions.push_back({std::string("nul\0nul", 7), {}, {ValueType::kV128, ValueType::kF64}});
  info.compile_us = 7;
  info.memory_bytes = std::numeric_limits<std::uint64_t>::max();
  info.table_elements = 300;
  meta_data.info = info;
  meta_data.size = std::numeric_limits<std::uint64_t>::max();
  meta_data.limits = {std::numeric_limits<std::uint64_t>::max(), 0, 127, 128, std::nullopt};
  meta_data.created_at = -5;
  meta_data.tag = std::numeric_limits<std::uint64_t>::max();
  meta_data.output_types = {"text/html", ""};
  EXPECT_EQ(decode_record("every.field", encoded(meta_data)), meta_data);
  meta_data.secrets = {{"PASSWORD", "db"}};
  EXPECT_EQ(decode_record("every.field", encoded(meta_data)), meta_data);
  meta_data.egress = {"api.example.org", "*.example.net:8443"};
  EXPECT_EQ(decode_record("every.field", encoded(meta_data)), meta_data);
  meta_data.secrets = {};
  EXPECT_EQ(decode_record("every.field", encoded(meta_data)), meta_data);
  WasmMetaData bare;
  bare.id = "m";
  EXPECT_EQ(decode_record("m", encoded(bare)), bare);
}

TEST(ModuleRecord, GivesItsHeadWithoutTheRest) {
  const WasmMetaData meta_data = make_meta_data("m", "code", 3);
  const auto head = decode_record_head("m", encoded(meta_data));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->revision, 3U);
  EXPECT_EQ(head->digest, meta_data.digest);
  EXPECT_EQ(head->size, meta_data.size);
  EXPECT_EQ(head->created_at, meta_data.created_at);
  EXPECT_EQ(head->updated_at, meta_data.updated_at);
  EXPECT_EQ(head->tag, meta_data.tag);
}

struct Extras {
  StringMap secrets;
  std::vector<std::string> egress;
};

class ModuleRecordCut : public testing::TestWithParam<Extras> {};

TEST_P(ModuleRecordCut, IsRefusedAnywhere) {
  WasmMetaData meta_data = make_meta_data("m", "code");
  meta_data.secrets = GetParam().secrets;
  meta_data.egress = GetParam().egress;
  const std::string record = encoded(meta_data);
  for (std::size_t length = 0; length < record.size(); ++length) {
    const auto decoded = decode_record("m", std::string_view{record}.substr(0, length));
    ASSERT_FALSE(decoded.has_value()) << length;
    EXPECT_EQ(decoded.error().code, ErrorCode::kInternal);
    EXPECT_NE(decoded.error().log.find("m: "), std::string::npos);
  }
  EXPECT_FALSE(decode_record_head("m", std::string_view{record}.substr(0, 64)).has_value());
  EXPECT_FALSE(decode_record("m", record + '\0').has_value());
}

INSTANTIATE_TEST_SUITE_P(Extras, ModuleRecordCut,
                         testing::Values(Extras{}, Extras{{{"PASSWORD", "db"}}, {}},
                                         Extras{{}, {"api.example.org"}},
                                         Extras{{{"PASSWORD", "db"}}, {"*.example.net"}}));

// Any bytes at all: the sanitizers look on.
TEST(ModuleRecord, NeverReadsOutOfBoundsWhateverTheBytes) {
  std::mt19937 random{42};
  const std::string good = encoded(make_meta_data("m", "code"));
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string record = good;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes)
      record[random() % record.size()] = static_cast<char>(random());
    if (random() % 4 == 0) record.resize(random() % record.size());
    accepted += decode_record("m", record).has_value() ? 1 : 0;
    static_cast<void>(decode_record_head("m", record));
    static_cast<void>(decode_reference(Digest{}, record));
  }
  EXPECT_GT(accepted, 0);       // changes of a text or a number are still a record,
  EXPECT_LT(accepted, 20'000);  // changes of a length are not
}

TEST(ModuleRecord, RefusesAnotherVersion) {
  std::string record = encoded(make_meta_data("m", "code"));
  record[0] = 2;
  EXPECT_FALSE(decode_record("m", record).has_value()) << "it has no secrets";
  record[0] = 3;
  EXPECT_FALSE(decode_record("m", record).has_value()) << "it has no egress";
  record[0] = 4;
  EXPECT_FALSE(decode_record("m", record).has_value());
  EXPECT_FALSE(decode_record_head("m", record).has_value());
}

TEST(ModuleRecord, ReusesTheBufferThatItIsGiven) {
  std::string record = "something else";
  encode_record(make_meta_data("m", "code"), record);
  EXPECT_EQ(record, encoded(make_meta_data("m", "code")));
}

TEST(CodeReference, TellsWhereTheCodeIs) {
  const Digest digest = sha256("code");
  const auto in_table = decode_reference(digest, encode_reference({3, 1000})).value();
  EXPECT_EQ(in_table.count, 3U);
  EXPECT_EQ(in_table.size, 1000U);
  EXPECT_EQ(in_table.code, std::nullopt);
  EXPECT_EQ(in_table.blob, std::nullopt);
  for (const std::string code : {"", "c", "some code"}) {
    const std::string record = encode_reference({.count = 1, .size = code.size(), .code = code});
    EXPECT_EQ(decode_reference(sha256(code), record).value().code, code);
  }
  const Blob blob{{4096, 150'000}, {1, ~0ULL, 3}};
  const std::string record = encode_reference({.count = 2, .size = 150'000, .blob = blob});
  const auto reference = decode_reference(digest, record).value();
  EXPECT_EQ(reference.count, 2U);
  EXPECT_EQ(reference.blob, blob);
  EXPECT_EQ(reference.code, std::nullopt);
}

TEST(CodeReference, IsRefusedWhenItIsNotOfItsForm) {
  const Digest digest = sha256("code");
  for (const auto& good :
       {encode_reference({3, 1000}), encode_reference({.count = 1, .size = 4, .code = "code"}),
        encode_reference({.count = 2, .size = 70'000, .blob = Blob{{8192, 70'000}, {1, 2}}})}) {
    ASSERT_TRUE(decode_reference(digest, good).has_value());
    for (std::size_t length = 0; length < good.size(); ++length)
      EXPECT_FALSE(decode_reference(digest, std::string_view{good}.substr(0, length)).has_value());
    EXPECT_FALSE(decode_reference(digest, good + 'x').has_value());
  }
  EXPECT_FALSE(decode_reference(digest, encode_reference({.count = 1, .size = 3, .code = "code"})));
  const Blob one_checksum_too_few{{4096, 70'000}, {1}};
  EXPECT_FALSE(decode_reference(
      digest, encode_reference({.count = 1, .size = 70'000, .blob = one_checksum_too_few})));
}

TEST(RevisionKey, SortsByIdAndThenByNumber) {
  EXPECT_LT(revision_key("a", 255), revision_key("a", 256));
  EXPECT_LT(revision_key("a", ~0ULL), revision_key("a.b", 1));
}

}  // namespace
}  // namespace wasm_server
