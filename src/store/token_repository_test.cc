#include "store/token_repository.h"

#include <string>

#include <gtest/gtest.h>

#include "store/token_record.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

TEST(TokenRecord, GivesBackWhatItWasMadeOf) {
  for (const std::string id : {"a", "b"}) {
    AccessToken token = make_token(id);
    if (id == "b") {
      token.former_hash.reset();
      token.expires_at.reset();
      token.last_used_at.reset();
      token.quota = {.max_modules = 300, .max_bytes = 5};
    }
    EXPECT_EQ(decode_token_record(id, encode_token_record(token)), token);
  }
}

TEST(TokenRecord, ReadsTheFirstVersionWhichHadNoQuota) {
  std::string record = encode_token_record(make_token("a"));
  record[0] = 1;
  record.resize(record.size() - 2);
  EXPECT_EQ(decode_token_record("a", record), make_token("a"));
  EXPECT_FALSE(decode_token_record("a", record + '\0'));
}

TEST(TokenRecord, RefusesWhatIsNone) {
  const std::string record = encode_token_record(make_token("a"));
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_FALSE(decode_token_record("a", record.substr(0, size)));
  EXPECT_FALSE(decode_token_record("a", record + '\0'));
  EXPECT_FALSE(decode_token_record("b", record)) << "it is another's";
  std::string other = record;
  other[0] = 3;
  const auto unknown = decode_token_record("a", other);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kInternal);
  EXPECT_NE(unknown.error().log.find("token a"), std::string::npos);
}

TEST(TokenRepository, HasWhatWasCommitted) {
  const TestStore store;
  const TokenRepository tokens{*store};
  EXPECT_TRUE(tokens.empty().value());
  EXPECT_EQ(tokens.find("a").value(), std::nullopt);
  const auto change = [&](auto what) {
    const auto batch = store->begin().value();
    TokenBatch in_batch{*batch};
    what(in_batch);
    ASSERT_TRUE(store->commit(*batch));
  };
  change([](TokenBatch& batch) {
    ASSERT_TRUE(batch.put(make_token("b")));
    ASSERT_TRUE(batch.put(make_token("a")));
    EXPECT_EQ(batch.find("a").value(), make_token("a"));
  });
  EXPECT_FALSE(tokens.empty().value());
  EXPECT_EQ(tokens.find("a").value(), make_token("a"));
  EXPECT_EQ(tokens.list().value(), (std::vector{make_token("a"), make_token("b")}));
  change([](TokenBatch& batch) { ASSERT_TRUE(batch.erase("a")); });
  EXPECT_EQ(tokens.find("a").value(), std::nullopt);
  EXPECT_EQ(tokens.list().value().size(), 1U);
}

}  // namespace
}  // namespace wasm_server
