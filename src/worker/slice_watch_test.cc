#include "worker/slice_watch.h"

#include <chrono>
#include <ctime>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "engine/spare_pace.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

void burn(milliseconds cpu) {
  const auto used = [] { return std::clock() * 1000 / CLOCKS_PER_SEC; };
  const auto end = used() + cpu.count();
  while (used() < end) {
  }
}

class SliceWatchTest : public testing::Test {
 protected:
  ~SliceWatchTest() override { watch_.leave(seat_); }

  SliceWatch watch_;
  SliceWatch::Seat& seat_ = watch_.take_seat();
};

TEST_F(SliceWatchTest, SeesASliceThatHoldsItsThread) {
  int tries = 0;  // a busy machine may have no core for the watch
  bool held = false;
  while (!held && ++tries < 100) {
    seat_.begin();
    burn(milliseconds(30));
    held = seat_.end();
  }
  EXPECT_TRUE(held);
  seat_.begin();
  EXPECT_FALSE(seat_.end()) << "the next one did not";
}

TEST_F(SliceWatchTest, SeesSlicesAfterOneThatWasLeft) {
  try {
    const SliceWatch::Slice slice(seat_);
    throw std::runtime_error("a lost resource");
  } catch (const std::runtime_error&) {
    bool held = false;
    for (int tries = 0; !held && tries < 100; ++tries) {
      SliceWatch::Slice slice(seat_);
      burn(milliseconds(30));
      held = slice.end();
    }
    EXPECT_TRUE(held);
  }
}

TEST_F(SliceWatchTest, BlamesNoSliceWhoseThreadHadNoCore) {
  seat_.begin();
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_FALSE(seat_.end());
}

TEST_F(SliceWatchTest, BlamesNoneOfManyShortSlices) {
  for (int i = 0; i < 60; ++i) {
    seat_.begin();
    burn(milliseconds(1));
    EXPECT_FALSE(seat_.end());
  }
}

TEST_F(SliceWatchTest, TellsThatThereAreCalls) {
  EXPECT_FALSE(SparePace::has_rests());
  while (!SparePace::has_rests()) {
    seat_.begin();
    seat_.end();
  }
  while (SparePace::has_rests()) std::this_thread::sleep_for(milliseconds(1));
}

}  // namespace
}  // namespace wasm_server
