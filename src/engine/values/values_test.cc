#include "engine/values/values.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/values/float_bits.h"
#include "engine/values/number_text.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;
using Item = JsonDocument::Item;

Item number(std::string text) { return {JsonKind::kNumber, std::move(text)}; }
Item string(std::string text) { return {JsonKind::kString, std::move(text)}; }
Item null() { return {JsonKind::kNull, {}}; }

Result<Value> value_of(Item item, const ValueType& type) {
  const auto document = JsonDocument::array({std::move(item)});
  return to_value(*document.root().begin(), type);
}

// The bits of what was read, or the error's text.
std::string read(Item item, const ValueType& type) {
  const auto value = value_of(std::move(item), type);
  if (!value) {
    EXPECT_EQ(value.error().code, ErrorCode::kBadRequest);
    return value.error().message;
  }
  return std::to_string(value->low());
}

std::string read_number(std::string text, const ValueType& type) {
  return read(number(std::move(text)), type);
}

std::uint64_t bits_of(const Item& item, const ValueType& type) {
  const auto value = value_of(item, type);
  EXPECT_TRUE(value) << item.text << ": " << value.error().message;
  return value ? value->low() : 0;
}

std::string json(const ValueType& type, std::uint64_t low, std::uint64_t high = 0) {
  std::string out;
  append_json(out, Value::bits(low, high), type);
  return out;
}

TEST(Values, TakeIntegersHoweverTheirNumberIsWritten) {
  for (const char* text : {"2", "2.0", "2e0", "20e-1", "0.2E+1", "0.0002e4", "2.000"}) {
    EXPECT_EQ(read_number(text, ValueType::kI32), "2") << text;
    EXPECT_EQ(read_number(text, ValueType::kI64), "2") << text;
  }
  EXPECT_EQ(read_number("1e3", ValueType::kI32), "1000");
  for (const char* zero : {"0", "-0", "0.0", "-0.0e5", "0e999999999999999999999", "0e-5"}) {
    EXPECT_EQ(read_number(zero, ValueType::kI32), "0") << zero;
  }
}

TEST(Values, WrapUnsignedSpellings) {
  EXPECT_EQ(bits_of(number("4294967295"), ValueType::kI32), 0xFFFFFFFF);
  EXPECT_EQ(bits_of(number("-1"), ValueType::kI32), 0xFFFFFFFF);
  EXPECT_EQ(bits_of(number("-2147483648"), ValueType::kI32), 0x80000000);
  EXPECT_EQ(bits_of(number("18446744073709551615"), ValueType::kI64), ~std::uint64_t{0});
  EXPECT_EQ(bits_of(number("1844674407370955161.5e1"), ValueType::kI64), ~std::uint64_t{0});
  EXPECT_EQ(bits_of(number("-9223372036854775808"), ValueType::kI64), std::uint64_t{1} << 63);
}

TEST(Values, RefuseIntegersBeyondTheirType) {
  for (const char* text : {"4294967296", "-2147483649", "1e10", "1e400", "99999999999999999999999",
                           "1e99999999999999999999"}) {
    EXPECT_THAT(read_number(text, ValueType::kI32), HasSubstr("out of range for an i32")) << text;
  }
  for (const char* text :
       {"18446744073709551616", "-9223372036854775809", "1e20", "18446744073709551616.0"}) {
    EXPECT_THAT(read_number(text, ValueType::kI64), HasSubstr("out of range for an i64")) << text;
  }
}

TEST(Values, RefuseFractionsForIntegers) {
  EXPECT_EQ(read_number("2.5", ValueType::kI32), "2.5 is not an i32");
  EXPECT_EQ(read_number("1e-1", ValueType::kI64), "1e-1 is not an i64");
  EXPECT_EQ(read_number("1e-99999999999999999999", ValueType::kI64),
            "1e-99999999999999999999 is not an i64");
  // Rounded to a double, this would be a whole number.
  EXPECT_EQ(read_number("9007199254740993.5", ValueType::kI64), "9007199254740993.5 is not an i64");
}

TEST(Values, KeepEveryDigitOfAnI64) {
  EXPECT_EQ(read_number("9007199254740993", ValueType::kI64), "9007199254740993");
  EXPECT_EQ(read(string("9007199254740993"), ValueType::kI64), "9007199254740993");
  EXPECT_EQ(bits_of(string("-9223372036854775808"), ValueType::kI64), std::uint64_t{1} << 63);
  EXPECT_EQ(bits_of(string("18446744073709551615"), ValueType::kI64), ~std::uint64_t{0});
}

TEST(Values, TakeOnlyDecimalStringsForI64AndNoneForI32) {
  for (const char* text : {"", "-", "+1", "1.0", "1e3", "0x10", " 1", "1 ", "NaN"}) {
    EXPECT_THAT(read(string(text), ValueType::kI64), HasSubstr("is not an i64")) << text;
  }
  EXPECT_EQ(read(string("5"), ValueType::kI32), "\"5\" is not an i32");
  EXPECT_THAT(read(string("18446744073709551616"), ValueType::kI64), HasSubstr("out of range"));
}

TEST(Values, RefuseWhatIsNeitherNumberNorString) {
  for (const ValueType type :
       {ValueType::kI32, ValueType::kI64, ValueType::kF32, ValueType::kF64, ValueType::kV128}) {
    EXPECT_THAT(read(null(), type), HasSubstr("null is not a"));
    EXPECT_THAT(read({JsonKind::kBool, {}}, type), HasSubstr("false is not a"));
  }
}

TEST(Values, RoundFloatsOnce) {
  EXPECT_EQ(bits_of(number("0.1"), ValueType::kF32), float_bits(0.1F));
  EXPECT_EQ(bits_of(number("0.1"), ValueType::kF64), float_bits(0.1));
  EXPECT_EQ(bits_of(number("-0"), ValueType::kF64), float_bits(-0.0));
  EXPECT_EQ(bits_of(number("-0.0"), ValueType::kF32), float_bits(-0.0F));
  // Just above the middle of two floats, and its nearest double is that middle: rounding twice
  // gives 1.
  const std::string above = "1.00000005960464477540";
  ASSERT_EQ(static_cast<float>(std::strtod(above.c_str(), nullptr)), 1.0F);
  EXPECT_EQ(bits_of(number(above), ValueType::kF32), float_bits(1.0F) + 1);
  // Integers that no double holds.
  EXPECT_EQ(bits_of(number("9007199791611905"), ValueType::kF32), 0x5A000001U);
}

TEST(Values, ReadTheLimitsOfFloats) {
  EXPECT_EQ(bits_of(number("3.4028235e38"), ValueType::kF32), 0x7F7FFFFFU);
  EXPECT_EQ(bits_of(number("3.4028235677973366e38"), ValueType::kF32), 0x7F7FFFFFU);
  EXPECT_THAT(read_number("3.4028235677973367e38", ValueType::kF32), HasSubstr("out of range"));
  EXPECT_EQ(bits_of(number("1.7976931348623157e308"), ValueType::kF64), 0x7FEFFFFFFFFFFFFFU);
  for (const char* text : {"1e999", "-1e999", "1e99999999999999999999", "1.8e308"}) {
    EXPECT_THAT(read_number(text, ValueType::kF64), HasSubstr("out of range for an f64")) << text;
  }
  EXPECT_EQ(bits_of(number("5e-324"), ValueType::kF64), 1U);
  EXPECT_EQ(bits_of(number("3e-324"), ValueType::kF64), 1U);
  EXPECT_EQ(bits_of(number("2e-324"), ValueType::kF64), 0U);
  EXPECT_EQ(bits_of(number("-1e-999"), ValueType::kF64), float_bits(-0.0));
  EXPECT_EQ(bits_of(number("-1e-99999999999999999999"), ValueType::kF32), float_bits(-0.0F));
  EXPECT_EQ(bits_of(number("1e-45"), ValueType::kF32), 1U);
  EXPECT_EQ(bits_of(number("7e-46"), ValueType::kF32), 0U);
  EXPECT_EQ(bits_of(number("0e999"), ValueType::kF64), 0U);
  EXPECT_EQ(bits_of(number("0." + std::string(400, '0') + "1e401"), ValueType::kF64),
            float_bits(1.0));
  EXPECT_EQ(bits_of(number("1" + std::string(400, '0') + "e-400"), ValueType::kF64),
            float_bits(1.0));
}

TEST(Values, ReadWhatJsonNumbersCannotSay) {
  EXPECT_EQ(bits_of(string("NaN"), ValueType::kF32), 0x7FC00000U);
  EXPECT_EQ(bits_of(string("NaN"), ValueType::kF64), 0x7FF8000000000000U);
  EXPECT_EQ(bits_of(string("nan"), ValueType::kF32), 0x7FC00000U);
  EXPECT_EQ(bits_of(string("-nan"), ValueType::kF64), 0xFFF8000000000000U);
  EXPECT_EQ(bits_of(string("-nan:0x200000"), ValueType::kF32), 0xFFA00000U);
  EXPECT_EQ(bits_of(string("nan:0x7fFFff"), ValueType::kF32), 0x7FFFFFFFU);
  EXPECT_EQ(bits_of(string("nan:0x1"), ValueType::kF64), 0x7FF0000000000001U);
  EXPECT_EQ(bits_of(string("Infinity"), ValueType::kF32), 0x7F800000U);
  EXPECT_EQ(bits_of(string("-Infinity"), ValueType::kF64), 0xFFF0000000000000U);
}

TEST(Values, RefuseMisspeltFloats) {
  for (const char* text : {"", "-", "-NaN", "+nan", "inf", "nan:", "nan:0x", "nan:0x0", "nan:1",
                           "nan:0x-1", "nan:0x800000", "nan:0x1ffffffffffffffff", "nan:0xg",
                           "nan:canonical", "1.5", "--Infinity", "NaN "}) {
    EXPECT_THAT(read(string(text), ValueType::kF32), HasSubstr("is not an f32")) << text;
  }
  EXPECT_THAT(read(string("nan:0x10000000000000"), ValueType::kF64), HasSubstr("is not an f64"));
}

TEST(Values, WriteFloatsAsTheShortestTextThatReadsBack) {
  EXPECT_EQ(json(ValueType::kF64, float_bits(0.1)), "0.1");
  EXPECT_EQ(json(ValueType::kF32, float_bits(0.1F)), "0.1");
  EXPECT_EQ(json(ValueType::kF32, float_bits(16777216.0F)), "16777216");
  EXPECT_EQ(json(ValueType::kF64, float_bits(0.0)), "0");
  EXPECT_EQ(json(ValueType::kF64, float_bits(-0.0)), "-0.0");
  EXPECT_EQ(json(ValueType::kF32, float_bits(-0.0F)), "-0.0");
  EXPECT_EQ(json(ValueType::kF64, float_bits(1e300)), "1e+300");
  EXPECT_EQ(json(ValueType::kF64, 1), "5e-324");
  EXPECT_EQ(json(ValueType::kF32, 0x7FC00000), R"("NaN")");
  EXPECT_EQ(json(ValueType::kF32, 0xFFC00000), R"("-nan:0x400000")");
  EXPECT_EQ(json(ValueType::kF64, 0x7FF4000000000000), R"("nan:0x4000000000000")");
  EXPECT_EQ(json(ValueType::kF64, 0xFFF0000000000000), R"("-Infinity")");
}

// What a result says, as the argument that a client would send for it.
Item as_argument(const std::string& text) {
  if (text.starts_with('"')) return string(text.substr(1, text.size() - 2));
  EXPECT_TRUE(is_json_number(text)) << text;
  return number(text);
}

TEST(Values, ReadBackToTheSameBits) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    for (const auto type : {ValueType::kI64, ValueType::kF64}) {
      ASSERT_EQ(bits_of(as_argument(json(type, bits)), type), bits);
    }
    for (const auto type : {ValueType::kI32, ValueType::kF32}) {
      const std::uint64_t low = bits & 0xFFFFFFFF;
      ASSERT_EQ(bits_of(as_argument(json(type, low)), type), low);
    }
  }
}

double read_double(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// A client reads an f32 result as a double and narrows it: two roundings, which must not matter.
TEST(ShortestFloats, SurviveBeingReadAsDoubles) {
  std::string text;
  for (std::uint32_t bits = 1; bits < 0x7F800000; bits += 12'853) {
    text.clear();
    append_float(text, std::bit_cast<float>(bits));
    ASSERT_EQ(float_bits(static_cast<float>(read_double(text))), bits) << text;
  }
}

TEST(ShortestFloats, AreLongerWhereTheShortestTextWouldNot) {
  ASSERT_NE(float_bits(static_cast<float>(read_double("7.038531e-26"))), 0x15AE43FDU);
  const std::string text = json(ValueType::kF32, 0x15AE43FD);
  EXPECT_EQ(float_bits(static_cast<float>(read_double(text))), 0x15AE43FDU) << text;
  EXPECT_EQ(bits_of(number(text), ValueType::kF32), 0x15AE43FDU);
}

TEST(Values, WriteIntegersAsSignedAndLargeOnesAsStrings) {
  EXPECT_EQ(json(ValueType::kI32, 42), "42");
  EXPECT_EQ(json(ValueType::kI32, 0xFFFFFFFF), "-1");
  EXPECT_EQ(json(ValueType::kI64, 1ULL << 53), "9007199254740992");
  EXPECT_EQ(json(ValueType::kI64, (1ULL << 53) + 1), R"("9007199254740993")");
  EXPECT_EQ(json(ValueType::kI64, 0 - (1ULL << 53)), "-9007199254740992");
  EXPECT_EQ(json(ValueType::kI64, 0 - (1ULL << 53) - 1), R"("-9007199254740993")");
  EXPECT_EQ(json(ValueType::kI64, 1ULL << 63), R"("-9223372036854775808")");
}

TEST(Values, SpellVectorsInMemoryOrder) {
  const auto value = value_of(string("000102030405060708090A0b0c0d0e0f"), ValueType::kV128);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->low(), 0x0706050403020100U);
  EXPECT_EQ(value->high(), 0x0F0E0D0C0B0A0908U);
  EXPECT_EQ(json(ValueType::kV128, value->low(), value->high()),
            R"("000102030405060708090a0b0c0d0e0f")");
}

TEST(Values, RefuseVectorsThatAreNot32HexDigits) {
  for (const char* text :
       {"", "0", "000102030405060708090a0b0c0d0e0", "000102030405060708090a0b0c0d0e0f0",
        "000102030405060708090a0b0c0d0e0g", "-00102030405060708090a0b0c0d0e0f",
        "0001020304050607-8090a0b0c0d0e0f", "0x000102030405060708090a0b0c0d0e"}) {
    EXPECT_THAT(read(string(text), ValueType::kV128), HasSubstr("is not a v128")) << text;
  }
  EXPECT_EQ(read_number("1", ValueType::kV128), "1 is not a v128");
}

TEST(Values, PassOnlyNullReferences) {
  EXPECT_EQ(bits_of(null(), ValueType::kExternref), 0U);
  EXPECT_EQ(bits_of(null(), ValueType::kFuncref), 0U);
  EXPECT_THAT(read_number("1", ValueType::kExternref), HasSubstr("1 is not an externref"));
  EXPECT_THAT(read(string("null"), ValueType::kFuncref), HasSubstr("is not a funcref"));
  EXPECT_THAT(read(null(), ValueType::kOther), HasSubstr("cannot be passed"));
  EXPECT_EQ(json(ValueType::kFuncref, 0), "null");
  EXPECT_EQ(json(ValueType::kExternref, 7), R"("ref")");
}

TEST(Values, QuoteOnlyTheBeginningOfLongTexts) {
  const std::string message = read(string(std::string(100'000, 'x')), ValueType::kI64);
  EXPECT_LT(message.size(), 100U);
  EXPECT_THAT(message, HasSubstr("..."));
}

TEST(Values, TakeNumbersOfAnyLengthInLinearTime) {
  const std::string zeros(1'000'000, '0');
  EXPECT_EQ(read_number("1" + zeros + "e-1000000", ValueType::kI32), "1");
  EXPECT_EQ(read_number("7." + zeros, ValueType::kI64), "7");
  EXPECT_EQ(read_number("0." + zeros + "5e1000001", ValueType::kI64), "5");
  EXPECT_THAT(read_number("1" + zeros, ValueType::kI64), HasSubstr("out of range"));
}

TEST(NumberText, FollowsTheGrammarOfJson) {
  for (const char* text : {"0", "-0", "10", "0.5", "1e5", "1E+5", "-1.25e-7"}) {
    EXPECT_TRUE(is_json_number(text)) << text;
  }
  for (const char* text : {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e5", "0x1", "1 ",
                           " 1", "NaN", "1e5.0", "--1"}) {
    EXPECT_FALSE(is_json_number(text)) << text;
  }
}

}  // namespace
}  // namespace wasm_server
