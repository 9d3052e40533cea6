#include "handlers/openapi/openapi.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handlers/openapi/operations.h"
#include "handlers/route_table.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;

boost::json::value document() { return boost::json::parse(openapi_document(route_table())); }

TEST(OpenApi, HasAnOperationForEachRouteUnderItsPathAndMethod) {
  const boost::json::value all = document();
  EXPECT_EQ(all.at("openapi").as_string(), "3.1.0");
  std::size_t count = 0;
  for (const auto& [path, methods] : all.at("paths").as_object())
    count += methods.as_object().size();
  constexpr std::size_t kAnyMethod = 7;
  std::size_t expected = 0;
  for (const Route& route : route_table())
    expected += route.method == Method::kAny ? kAnyMethod : 1;
  EXPECT_EQ(count, expected);
  const auto& handler = all.at("paths").at("/http/{id}/{path}").at("patch");
  EXPECT_EQ(handler.at("operationId").as_string(), "handle_http_patch");
  const auto& save = all.at("paths").at("/wasm").at("post");
  EXPECT_EQ(save.at("operationId").as_string(), "add_wasm");
  EXPECT_TRUE(save.at("responses").as_object().contains("507"));
  EXPECT_TRUE(save.at("responses").as_object().contains("429")) << "any request may get it";
}

// A misspelt one would be seen by nobody but a client's generator.
TEST(OpenApi, RefersToSchemasThatThereAre) {
  const boost::json::value all = document();
  const auto& schemas = all.at("components").at("schemas").as_object();
  const std::string text = openapi_document(route_table());
  const std::string beginning = "#/components/schemas/";
  std::size_t count = 0;
  for (std::size_t at = text.find(beginning); at != text.npos; at = text.find(beginning, at + 1)) {
    const std::size_t begin = at + beginning.size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(schemas.contains(name)) << name;
    ++count;
  }
  EXPECT_GT(count, schemas.size());
}

std::string why_not(std::vector<Route> routes) {
  try {
    openapi_document(routes);
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return "";
}

TEST(OpenApi, IsNotMadeWhereTheTablesDiffer) {
  const std::vector<Route> routes(route_table().begin(), route_table().end());
  const auto changed = [&](std::string_view name, auto change) {
    std::vector<Route> others = routes;
    change(*std::ranges::find(others, name, &Route::name));
    return why_not(others);
  };
  EXPECT_EQ(why_not(routes), "");
  EXPECT_THAT(changed("get_logs", [](Route& route) { route.name = "get_log"; }),
              HasSubstr("get_logs: there is no such route"));
  EXPECT_THAT(changed("get_logs", [](Route& route) { route.statuses = {200, 206}; }),
              HasSubstr("get_logs: its answers are others"));
  EXPECT_THAT(changed("put_secret", [](Route& route) { route.body_types = {"text/plain"}; }),
              HasSubstr("put_secret: its bodies are others"));
  EXPECT_THAT(changed("get_logs", [](Route& route) { route.query = {{"colour"}}; }),
              HasSubstr("get_logs: a parameter has no schema"));
  std::vector<Route> more = routes;
  more.push_back({.name = "new_route", .pattern = "/new"});
  EXPECT_THAT(why_not(more), HasSubstr("new_route: there is none"));
}

}  // namespace
}  // namespace wasm_server
