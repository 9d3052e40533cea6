#include "handlers/route_table.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "handlers/handler_test.h"

namespace wasm_server {
namespace {

class Routes : public HandlerTest {};

TEST_F(Routes, EachHasItsHandler) {
  EXPECT_NO_THROW(
      make_router(deps_, module_cache_, worker_, metrics_.add_worker(), executions_.writer(0)));
  Router router =
      make_router(deps_, module_cache_, worker_, metrics_.add_worker(), executions_.writer(0));
  EXPECT_THROW(router.bind("get_healthz", [](Request&) { return Reply(); }), std::logic_error);
}

// What counts, limits or describes requests relies on it.
TEST(RouteTable, SaysOfEachRouteWhatItAnswersAndWhatItTakes) {
  for (const Route& route : route_table()) {
    EXPECT_FALSE(route.summary.empty()) << route.name;
    EXPECT_FALSE(route.statuses.empty()) << route.name;
    EXPECT_EQ(route.body_types.empty(), route.body == BodyHandling::kNone) << route.name;
    EXPECT_EQ(route.scope == Scope::kNone, route.cost == CostClass::kFree) << route.name;
    EXPECT_TRUE(std::ranges::is_sorted(route.statuses)) << route.name;
  }
}

TEST(RouteTable, IsPrintedAsJson) {
  const boost::json::value table = boost::json::parse(routes_json());
  const auto& routes = table.at("routes").as_array();
  ASSERT_EQ(routes.size(), route_table().size());
  EXPECT_EQ(table.at("common_statuses").as_array().size(), std::size(kCommonStatuses));
  const auto named = [&routes](std::string_view name) {
    return *std::ranges::find_if(routes, [name](const auto& r) {
      return std::string_view(r.at("name").as_string()) == name;
    });
  };
  EXPECT_EQ(named("list_wasm"),
            boost::json::parse(R"({"name":"list_wasm","method":"GET","pattern":"/wasm",
                "summary":"lists the modules, by id",
                "query":[{"name":"limit","repeatable":false},{"name":"after","repeatable":false},
                         {"name":"prefix","repeatable":false},{"name":"label","repeatable":true},
                         {"name":"kind","repeatable":false}],
                "body_types":[],"body":"none","statuses":[200,400],"scope":"read","cost":"read"})"));
}

}  // namespace
}  // namespace wasm_server
