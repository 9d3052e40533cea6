#include "cli/text/nearest.h"

#include <vector>

#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("show", "show"), 0U);
  EXPECT_EQ(edit_distance("shwo", "show"), 1U) << "a swap is one";
  EXPECT_EQ(edit_distance("sho", "show"), 1U);
  EXPECT_EQ(edit_distance("shoow", "show"), 1U);
  EXPECT_EQ(edit_distance("slow", "show"), 1U);
  EXPECT_EQ(edit_distance("", "rm"), 2U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> words = {"put", "ls", "show", "rollback", "completion"};
  EXPECT_EQ(nearest("shwo", words), "show");
  EXPECT_EQ(nearest("rolback", words), "rollback");
  EXPECT_EQ(nearest("sl", words), "ls");
  EXPECT_EQ(nearest("comp", words), "completion") << "a beginning of one alone";
  EXPECT_EQ(nearest("frobnicate", words), std::nullopt);
  EXPECT_EQ(nearest("x", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
}

TEST(Nearest, PrefersTheNearest) {
  const std::vector<std::string> words = {"max-body-bytes", "max-body-memory-bytes"};
  EXPECT_EQ(nearest("max-bodybytes", words), "max-body-bytes");
  EXPECT_EQ(nearest("max", words), std::nullopt) << "two begin so";
}

TEST(Nearest, GivesUpOnEndlessWords) {
  const std::vector<std::string> words = {std::string(100'000, 'a'), "ab"};
  EXPECT_EQ(nearest(std::string(100'000, 'a'), words), std::nullopt);
  EXPECT_EQ(nearest("aab", words), "ab");
}

TEST(Nearest, SaysItAsAQuestion) {
  const std::vector<std::string> words = {"show"};
  EXPECT_EQ(did_you_mean("shwo", words), "; did you mean \"show\"?");
  EXPECT_EQ(did_you_mean("zzz", words), "");
}

}  // namespace
}  // namespace wasm_server::cli
