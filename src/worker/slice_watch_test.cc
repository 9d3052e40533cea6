#include "worker/slice_watch.h"

#include <chrono>
#include <ctime>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "testing/engine_fixture.h"
#include "testing/eventually.h"

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
  ~SliceWatchTest() override { watch_.leave(slot_); }

  SliceWatch watch_{testing_engine::engine()};
  SliceWatch::ThreadSlot& slot_ = watch_.take_slot();
};

TEST_F(SliceWatchTest, SeesASliceThatHoldsItsThread) {
  int tries = 0;  // a busy machine may have no core for the watch
  bool held = false;
  while (!held && ++tries < 100) {
    slot_.begin();
    burn(milliseconds(30));
    held = slot_.end();
  }
  EXPECT_TRUE(held);
  slot_.begin();
  EXPECT_FALSE(slot_.end()) << "the next one did not";
}

TEST_F(SliceWatchTest, SeesSlicesAfterOneThatWasLeft) {
  try {
    const SliceWatch::Slice slice(slot_);
    throw std::runtime_error("a lost resource");
  } catch (const std::runtime_error&) {
    bool held = false;
    for (int tries = 0; !held && tries < 100; ++tries) {
      SliceWatch::Slice slice(slot_);
      burn(milliseconds(30));
      held = slice.end();
    }
    EXPECT_TRUE(held);
  }
}

TEST_F(SliceWatchTest, BlamesNoSliceWhoseThreadHadNoCore) {
  slot_.begin();
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_FALSE(slot_.end());
}

TEST_F(SliceWatchTest, BlamesNoneOfManyShortSlices) {
  for (int i = 0; i < 60; ++i) {
    slot_.begin();
    burn(milliseconds(1));
    EXPECT_FALSE(slot_.end());
  }
}

TEST_F(SliceWatchTest, SleepsWhileNoSliceBeginsAndNotDuringOne) {
  ASSERT_TRUE(eventually([&] { return watch_.is_asleep(); }));
  slot_.begin();
  EXPECT_FALSE(watch_.is_asleep());
  std::this_thread::sleep_for(milliseconds(400));  // twice as long as it takes to fall asleep
  EXPECT_FALSE(watch_.is_asleep()) << "a slice has not ended";
  slot_.end();
  EXPECT_TRUE(eventually([&] { return watch_.is_asleep(); }));
}

TEST_F(SliceWatchTest, EndsTheSliceThatWakesIt) {
  const auto loop =
      testing_engine::make_runnable(testing_engine::call_of(testing_engine::kTightLoop));
  ASSERT_TRUE(eventually([&] { return watch_.is_asleep(); }));
  const SliceWatch::Slice slice(slot_);
  EXPECT_EQ(loop->poll(), Runnable::Progress::kSliceUsed) << "or it never returns";
}

}  // namespace
}  // namespace wasm_server
