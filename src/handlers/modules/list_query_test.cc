#include "handlers/modules/list_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Result<ListRequest> parse(std::string_view query) {
  Request request;
  request.query = query;
  return parse_list_request(request);
}

std::string link(std::string_view query, std::string_view next) {
  Request request;
  request.query = query;
  return next_link(request, next);
}

TEST(ListQuery, HasTheContractsDefaults) {
  const auto list = parse("");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->query.limit, 100U);
  EXPECT_EQ(list->query.after, "");
  EXPECT_EQ(list->query.prefix, "");
  EXPECT_TRUE(list->query.labels.empty());
  EXPECT_FALSE(list->query.kind);
}

TEST(ListQuery, ReadsEveryParameter) {
  const auto list =
      parse("limit=1000&after=b.1&prefix=b&label=team%3Dmaths&label=a=b=c&kind=command&other=x");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->query.limit, 1000U);
  EXPECT_EQ(list->query.after, "b.1");
  EXPECT_EQ(list->query.prefix, "b");
  EXPECT_THAT(list->query.labels, ElementsAre(Pair("team", "maths"), Pair("a", "b=c")));
  EXPECT_EQ(list->query.kind, ModuleKind::kCommand);
}

TEST(ListQuery, NamesWhatIsWrong) {
  for (const char* limit : {"0", "1001", "-1", "1.5", "", "x", "99999999999999999999"}) {
    const auto list = parse("limit=" + std::string(limit));
    ASSERT_FALSE(list) << limit;
    EXPECT_THAT(list.error().message, HasSubstr("limit"));
  }
  EXPECT_THAT(parse("after=%2F").error().message, HasSubstr("after"));
  EXPECT_THAT(parse("prefix=" + std::string(129, 'a')).error().message, HasSubstr("prefix"));
  EXPECT_THAT(parse("label=team").error().message, HasSubstr("label"));
  EXPECT_THAT(parse("label==v").error().message, HasSubstr("label"));
  EXPECT_THAT(parse("kind=thing").error().message, HasSubstr("kind"));
}

TEST(ListQuery, KnowsEveryKind) {
  EXPECT_EQ(parse("kind=module")->query.kind, ModuleKind::kModule);
  EXPECT_EQ(parse("kind=component")->query.kind, ModuleKind::kComponent);
  EXPECT_EQ(parse("kind=http")->query.kind, ModuleKind::kHttp);
  EXPECT_FALSE(parse("kind=http")->none);
}

TEST(ListQuery, LinksToTheNextPageOfTheSameQuery) {
  EXPECT_EQ(link("", "x"), "</wasm?after=x>; rel=\"next\"");
  EXPECT_EQ(
      link("after=a&limit=2&prefix=p&kind=module&label=k%3Dv&label=%22%3E=%0D%0A&other=1", "p.9"),
      "</wasm?limit=2&prefix=p&kind=module&label=k%3Dv&label=%22%3E%3D%0D%0A&after=p.9>; "
      "rel=\"next\"");
}

}  // namespace
}  // namespace wasm_server
