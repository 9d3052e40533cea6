#include "cli/bench/server_timing.h"

#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

TEST(ServerTiming, IsReadFromTheServersHeader) {
  const auto timing = read_server_timing("queue;dur=0.25, instantiate;dur=1, run;dur=12.5");
  ASSERT_TRUE(timing);
  EXPECT_DOUBLE_EQ(timing->queue, 0.25);
  EXPECT_DOUBLE_EQ(timing->instantiate, 1);
  EXPECT_DOUBLE_EQ(timing->run, 12.5);
  EXPECT_DOUBLE_EQ(timing->total(), 13.75);
}

TEST(ServerTiming, LeavesOutWhatAProxyAdds) {
  const auto timing = read_server_timing("cdn;desc=\"a\";dur=7,run;dur=2 , edge");
  ASSERT_TRUE(timing);
  EXPECT_DOUBLE_EQ(timing->total(), 2);
}

TEST(ServerTiming, RefusesWhatIsNoDuration) {
  for (const char* const header : {"", ",", "edge;dur=1", "run", "run;dur", "run;dur=",
                                   "run;dur=-1", "run;dur=x", "run;dur=nan", "run;dur=inf",
                                   "run;dur=1e300", "run;dur=1;dur=2", "queue;dur=1,run;dur=x"}) {
    EXPECT_FALSE(read_server_timing(header)) << header;
  }
}

}  // namespace
}  // namespace wasm_server::cli
