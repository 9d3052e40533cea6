#include "http/header_fields.h"

#include <string>

#include <gtest/gtest.h>

#include "http/h1/reply_writer.h"

namespace wasm_server {
namespace {

std::string lines_of(const HeaderFields& fields) {
  std::string lines;
  append_fields(lines, fields);
  return lines;
}

TEST(HeaderFields, AreKeptInTheirOrder) {
  HeaderFields fields;
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.begin(), fields.end());
  fields.add("A", "one");
  fields.add("B", 18446744073709551615U);
  fields.add("Empty", "");
  fields.add("A", std::string(1000, 'x'));
  EXPECT_FALSE(fields.empty());
  EXPECT_EQ(lines_of(fields), "A: one\r\nB: 18446744073709551615\r\nEmpty: \r\nA: " +
                                  std::string(1000, 'x') + "\r\n");
}

TEST(HeaderFields, CannotSmuggleALine) {
  HeaderFields fields;
  fields.add("A", "one\r\nB: two");
  fields.add_with("C", [](std::string& value) { value += std::string_view("\0\n\rthree\0", 9); });
  EXPECT_EQ(lines_of(fields), "A: oneB: two\r\nC: three\r\n");
}

TEST(HeaderFields, AnotherMayBeBuiltFromOneOfThem) {
  HeaderFields fields;
  fields.add("A", "one");
  HeaderFields copy = fields;
  copy.add("B", (*fields.begin()).value);
  EXPECT_EQ(lines_of(copy), "A: one\r\nB: one\r\n");
  EXPECT_EQ(lines_of(fields), "A: one\r\n");
}

}  // namespace
}  // namespace wasm_server
