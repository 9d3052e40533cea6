#include "metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/request_cells.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;

TEST(Exposition, WritesFamiliesAndTheirSamples) {
  Exposition page;
  page.counters("a_total", "What a is.");
  page.sample(3, {{"module", "x\"y\n"}});
  page.gauges("b_bytes", "What b is.");
  page.sample(1.5);
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("# HELP a_total What a is.\n# TYPE a_total counter\n"));
  EXPECT_THAT(text, HasSubstr("a_total{module=\"x\\\"y\\n\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE b_bytes gauge\nb_bytes 1.5\n"));
}

TEST(Exposition, WritesDurationsInSeconds) {
  RequestCells cells(1);
  cells.add(0, 200, std::chrono::microseconds(50));
  cells.add(0, 200, std::chrono::microseconds(51));
  cells.add(0, 418, std::chrono::seconds(20));
  std::vector<RequestCells::RouteTotals> totals(1);
  cells.add_to(totals);
  EXPECT_EQ(totals[0].counts[0], 1U) << "a status that nobody expects";
  Exposition page;
  page.histograms("t_seconds", "How long.");
  page.sample(totals[0].times);
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{le=\"5e-05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{le=\"0.0001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{le=\"10\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_count 3\n"));
}

}  // namespace
}  // namespace wasm_server
