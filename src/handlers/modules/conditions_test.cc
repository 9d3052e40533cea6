#include "handlers/modules/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "handlers/modules/entity_tag.h"

namespace wasm_server {
namespace {

using testing::ElementsAre;

Result<Preconditions> parse(std::vector<Request::Header> headers) {
  Request request;
  request.headers = std::move(headers);
  return parse_preconditions(request);
}

TEST(Conditions, AreEmptyWithoutTheHeaders) { EXPECT_TRUE(parse({})->empty()); }

TEST(Conditions, ReadTagsListsAndStars) {
  EXPECT_THAT(parse({{"If-Match", R"("1-ab")"}})->if_match, ElementsAre("1-ab"));
  EXPECT_THAT(parse({{"If-Match", R"( "a" ,, "b,c"	,"")"}})->if_match,
              ElementsAre("a", "b,c", ""));
  EXPECT_THAT(parse({{"If-Match", R"("a")"}, {"if-match", R"("b")"}})->if_match,
              ElementsAre("a", "b"));
  EXPECT_TRUE(parse({{"If-Match", " * "}})->if_match_any);
  EXPECT_TRUE(parse({{"If-None-Match", "*"}})->if_none_match_any);
  EXPECT_FALSE(parse({{"If-None-Match", R"("*")"}})->if_none_match_any);
}

TEST(Conditions, OfAWriteAreMetByTheTagOfAnyForm) {
  WasmMetaData meta_data;
  meta_data.tag = 0xabc;
  std::string all = "\"other\"";
  for (const Form form : {Form::kJson, Form::kJsonWithoutCode, Form::kRaw}) {
    all += ", " + quote(entity_tag(meta_data, form));
  }
  Request request;
  request.headers = {{"If-Match", all}, {"If-None-Match", R"(W/"0000000000000abcj")"}};
  const auto parsed = parse_write_preconditions(request);
  const std::string own = etag_of(meta_data);
  EXPECT_THAT(parsed->if_match, ElementsAre("", own, own, own));
  EXPECT_THAT(parsed->if_none_match, ElementsAre(own));
  request.headers = {{"If-Match", R"(W/"0000000000000abcj", "0000000000000abc")"}};
  EXPECT_THAT(parse_write_preconditions(request)->if_match, testing::Not(testing::Contains(own)));
}

TEST(Conditions, CompareWeaklyOnlyInIfNoneMatch) {
  EXPECT_THAT(parse({{"If-None-Match", R"(W/"a", "b")"}})->if_none_match, ElementsAre("a", "b"));
  const auto strong = parse({{"If-Match", R"(W/"a")"}});
  ASSERT_TRUE(strong);
  EXPECT_FALSE(strong->empty()) << "it would be no condition at all";
  EXPECT_EQ(judge_read(*strong, "a"), ReadVerdict::kPreconditionFailed);
}

TEST(Conditions, RefuseWhatIsNoListOfTags) {
  for (const char* text : {"a", "\"a", "a\"", "\"a\"b", "\"a\" \"b\"", "*, \"a\"", "\"a\", *",
                           "w/\"a\"", "W/ \"a\"", "\"a b\"", "W/", "'a'", "", " ", ",", " , ,"}) {
    EXPECT_FALSE(parse({{"If-Match", text}})) << text;
    EXPECT_FALSE(parse({{"If-None-Match", text}})) << text;
  }
}

TEST(Conditions, JudgeAReadInTheOrderOfTheRfc) {
  EXPECT_EQ(judge_read({}, "a"), ReadVerdict::kProceed);
  EXPECT_EQ(judge_read(*parse({{"If-Match", "*"}}), "a"), ReadVerdict::kProceed);
  EXPECT_EQ(judge_read(*parse({{"If-Match", R"("b", "a")"}}), "a"), ReadVerdict::kProceed);
  EXPECT_EQ(judge_read(*parse({{"If-None-Match", "*"}}), "a"), ReadVerdict::kNotModified);
  EXPECT_EQ(judge_read(*parse({{"If-None-Match", R"("b", "a")"}}), "a"), ReadVerdict::kNotModified);
  EXPECT_EQ(judge_read(*parse({{"If-None-Match", R"("b")"}}), "a"), ReadVerdict::kProceed);
  // If-Match comes first.
  EXPECT_EQ(judge_read(*parse({{"If-Match", R"("b")"}, {"If-None-Match", R"("a")"}}), "a"),
            ReadVerdict::kPreconditionFailed);
  EXPECT_EQ(judge_read(*parse({{"If-Match", R"("a")"}, {"If-None-Match", R"("a")"}}), "a"),
            ReadVerdict::kNotModified);
}

}  // namespace
}  // namespace wasm_server
