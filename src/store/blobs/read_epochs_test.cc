#include "store/blobs/read_epochs.h"

#include <thread>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(ReadEpochs, EndsAtOnceWhenNobodyReads) {
  ReadEpochs epochs;
  EXPECT_TRUE(epochs.has_ended());
  epochs.begin();
  EXPECT_TRUE(epochs.has_ended());
}

TEST(ReadEpochs, LastsUntilTheLastOfThoseWhoReadHasFinished) {
  ReadEpochs epochs;
  auto first = epochs.read();
  auto second = epochs.read();
  epochs.begin();
  first.end();
  EXPECT_FALSE(epochs.has_ended());
  second.end();
  EXPECT_TRUE(epochs.has_ended());
}

TEST(ReadEpochs, IsNotHeldUpByThoseWhoComeLater) {
  ReadEpochs epochs;
  auto before = epochs.read();
  epochs.begin();
  const auto after = epochs.read();
  before.end();
  EXPECT_TRUE(epochs.has_ended());
  epochs.begin();
  EXPECT_FALSE(epochs.has_ended());  // now `after` is one who read before
}

TEST(ReadEpochs, WaitsForReadersOnOtherThreads) {
  ReadEpochs epochs;
  bool finished = false;
  auto reading = epochs.read();
  epochs.begin();
  std::thread reader([&] {
    finished = true;
    reading.end();
  });
  epochs.wait();
  EXPECT_TRUE(finished);
  reader.join();
}

}  // namespace
}  // namespace wasm_server
