#include "store/journal_entry.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/record.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

SharedOperation module_of(std::string id, const std::string& code, bool with_code = true,
                          std::uint64_t revision = 1) {
  Operation module;
  module.id = std::move(id);
  module.revision = revision;
  encode_record(make_meta_data(module.id, code, revision), module.record);
  module.digest = sha256(code);
  if (with_code) module.code = std::make_shared<const Bytes>(code);
  return std::make_shared<const Operation>(std::move(module));
}

std::string encoded(const std::vector<SharedOperation>& modules) {
  std::string payload = "left over";
  encode_batch(modules, payload);
  return payload;
}

TEST(JournalEntry, GivesBackThePlaceOfCodeInTheCodeFile) {
  Operation module = *module_of("a", "large", false);
  module.place = CodePlace{1ULL << 40, 20'000};
  const auto decoded = decode_batch(encoded({std::make_shared<const Operation>(module)})).value();
  ASSERT_EQ(decoded.size(), 1U);
  EXPECT_EQ(decoded[0]->place, module.place);
  EXPECT_EQ(decoded[0]->code, nullptr);
  EXPECT_LE(encoded({decoded[0]}).size(), journal_size(module) + 1);
}

TEST(JournalEntry, GivesBackModulesWithAndWithoutCode) {
  const std::vector<SharedOperation> modules = {module_of("a", "code"), module_of("b", "", true),
                                                module_of("c", "elsewhere", false, 7)};
  const auto decoded = decode_batch(encoded(modules)).value();
  ASSERT_EQ(decoded.size(), modules.size());
  for (std::size_t i = 0; i < modules.size(); ++i) {
    EXPECT_EQ(decoded[i]->kind, Operation::Kind::kPut);
    EXPECT_EQ(decoded[i]->id, modules[i]->id);
    EXPECT_EQ(decoded[i]->revision, modules[i]->revision);
    EXPECT_EQ(decoded[i]->record, modules[i]->record);
    EXPECT_EQ(decoded[i]->digest, modules[i]->digest);
    ASSERT_EQ(decoded[i]->code == nullptr, modules[i]->code == nullptr);
    if (modules[i]->code) {
      EXPECT_EQ(*decoded[i]->code, *modules[i]->code);
    }
  }
}

TEST(JournalEntry, IsNotLargerThanItSays) {
  const auto module = module_of("an id", std::string(3000, 'x'));
  EXPECT_LE(encoded({module}).size(), journal_size(*module) + 1);
}

TEST(JournalEntry, RefusesARecordThatIsDamaged) {
  Operation module = *module_of("a", "code");
  module.record.back() = static_cast<char>(~module.record.back());
  EXPECT_FALSE(decode_batch(encoded({std::make_shared<const Operation>(module)})).has_value());
}

TEST(JournalEntry, RefusesWhatIsCutOffOrHasMore) {
  const std::string payload = encoded({module_of("a", "code"), module_of("b", "more code")});
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(decode_batch(std::string_view{payload}.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_batch(payload + "x").has_value());
  EXPECT_FALSE(decode_batch(std::string(20, '\xff')).has_value());
}

}  // namespace
}  // namespace wasm_server
