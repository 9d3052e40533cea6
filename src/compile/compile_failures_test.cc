#include "compile/compile_failures.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

const Digest kModule = sha256("module");

TEST(CompileFailures, AreKnownUntilTheyAreForgotten) {
  CompileFailures failures;
  EXPECT_EQ(failures.find(kModule), nullptr);
  failures.remember(kModule, {ErrorCode::kInvalidModule, "why"});
  ASSERT_NE(failures.find(kModule), nullptr);
  EXPECT_EQ(failures.find(kModule)->message, "why");
  failures.forget(kModule);
  EXPECT_EQ(failures.find(kModule), nullptr);
}

TEST(CompileFailures, AreNotWhatMayGoWellTheNextTime) {
  CompileFailures failures;
  failures.remember(kModule, {ErrorCode::kInternal, "the disk failed"});
  EXPECT_EQ(failures.find(kModule), nullptr);
}

TEST(CompileFailures, AreTheLatestOnes) {
  CompileFailures failures;
  const auto digest_of = [](std::size_t i) { return sha256(std::to_string(i)); };
  for (std::size_t i = 0; i <= CompileFailures::kMost; ++i)
    failures.remember(digest_of(i), {ErrorCode::kMemoryLimit, "too large"});
  EXPECT_EQ(failures.find(digest_of(0)), nullptr);
  EXPECT_NE(failures.find(digest_of(1)), nullptr);
  EXPECT_NE(failures.find(digest_of(CompileFailures::kMost)), nullptr);
}

}  // namespace
}  // namespace wasm_server
