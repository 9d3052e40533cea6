#include "jobs/preconditions.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

const std::optional<std::string> kMissing;
const std::optional<std::string> kCurrent = "1-aa";

TEST(Preconditions, HoldWhenThereAreNone) {
  EXPECT_TRUE(Preconditions{}.empty());
  EXPECT_TRUE(Preconditions{}.hold(kMissing));
  EXPECT_TRUE(Preconditions{}.hold(kCurrent));
}

TEST(Preconditions, IfMatchHoldsForOneOfItsTags) {
  Preconditions preconditions;
  preconditions.if_match = {"0-aa", "1-aa"};
  EXPECT_FALSE(preconditions.empty());
  EXPECT_TRUE(preconditions.hold(kCurrent));
  EXPECT_FALSE(preconditions.hold("2-aa"));
  EXPECT_FALSE(preconditions.hold(kMissing));
}

TEST(Preconditions, IfMatchAnyHoldsForWhatExists) {
  Preconditions preconditions;
  preconditions.if_match_any = true;
  EXPECT_FALSE(preconditions.empty());
  EXPECT_TRUE(preconditions.hold(kCurrent));
  EXPECT_FALSE(preconditions.hold(kMissing));
}

TEST(Preconditions, IfNoneMatchHoldsForNoneOfItsTags) {
  Preconditions preconditions;
  preconditions.if_none_match = {"0-aa", "1-aa"};
  EXPECT_FALSE(preconditions.empty());
  EXPECT_FALSE(preconditions.hold(kCurrent));
  EXPECT_TRUE(preconditions.hold("2-aa"));
  EXPECT_TRUE(preconditions.hold(kMissing));
}

TEST(Preconditions, IfNoneMatchAnyHoldsForWhatIsMissing) {
  Preconditions preconditions;
  preconditions.if_none_match_any = true;
  EXPECT_FALSE(preconditions.empty());
  EXPECT_FALSE(preconditions.hold(kCurrent));
  EXPECT_TRUE(preconditions.hold(kMissing));
}

TEST(Preconditions, AllMustHold) {
  Preconditions preconditions;
  preconditions.if_match = {"1-aa"};
  preconditions.if_none_match_any = true;
  EXPECT_FALSE(preconditions.hold(kCurrent));
  EXPECT_FALSE(preconditions.hold(kMissing));
}

}  // namespace
}  // namespace wasm_server
