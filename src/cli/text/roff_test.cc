#include "cli/text/roff.h"

#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

TEST(Roff, TakesNothingForARequestOrAnEscape) {
  EXPECT_EQ(roff_escape(".TH x"), "\\&.TH x");
  EXPECT_EQ(roff_escape("'br"), "\\&'br");
  EXPECT_EQ(roff_escape("a\\nb --c"), "a\\enb \\-\\-c");
}

TEST(Roff, BreaksLinesAtSentencesAndBeforeTheyAreTooLong) {
  EXPECT_EQ(roff_text("One. Two"), "One.\nTwo\n");
  EXPECT_EQ(roff_text(std::string(50, 'a') + " " + std::string(50, 'b')),
            std::string(50, 'a') + "\n" + std::string(50, 'b') + "\n");
  EXPECT_EQ(roff_text("see .x"), "see \\&.x\n") << "it could come to a line's start";
  EXPECT_EQ(roff_text(""), "");
}

}  // namespace
}  // namespace wasm_server::cli
