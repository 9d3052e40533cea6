#include "http/body_shares.h"

#include <deque>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;

class BodySharesTest : public testing::Test {
 protected:
  // A body of a client that holds nothing yet.
  BodyShares::Account& body(std::uint8_t client) {
    PeerAddress address{};
    address.back() = client;
    BodyShares::Account& account = bodies_.emplace_back(shares_);
    account.set_client(address);
    return account;
  }

  // How many bodies of `size` one client gets in.
  int admitted(std::uint8_t client, std::uint64_t size, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += body(client).take(size) ? 1 : 0;
    return count;
  }

  BodyShares shares_{1024 * kMiB};
  std::deque<BodyShares::Account> bodies_;
};

TEST_F(BodySharesTest, ASingleBodyMayTakeAll) {
  EXPECT_TRUE(body(1).take(1024 * kMiB));
  EXPECT_FALSE(body(2).take(1));
  EXPECT_EQ(shares_.used(), 1024 * kMiB);
}

TEST_F(BodySharesTest, AClientLeavesOthersAsMuchAsItHolds) {
  const int own = admitted(1, 118 * kMiB, 10);
  EXPECT_EQ(own, 3);
  EXPECT_EQ(admitted(2, 118 * kMiB, 10), 2);
  EXPECT_TRUE(body(3).take(118 * kMiB));  // a client's only one
  EXPECT_TRUE(body(1).take(kMiB));
}

// What comes later makes no body fail that has begun.
TEST_F(BodySharesTest, TheFirstBodyOfAClientGrowsAsIfItWereAlone) {
  BodyShares::Account& first = body(1);
  BodyShares::Account& second = body(1);
  ASSERT_TRUE(first.take(100 * kMiB));
  ASSERT_TRUE(second.take(100 * kMiB));
  EXPECT_TRUE(first.take(600 * kMiB));
  EXPECT_FALSE(second.take(2 * kMiB));
  first.release(700 * kMiB);
  EXPECT_TRUE(second.take(600 * kMiB)) << "it is the first now";
}

TEST_F(BodySharesTest, SmallBodiesHaveRoomOfTheirOwn) {
  ASSERT_TRUE(body(1).take(512 * kMiB));
  ASSERT_TRUE(body(2).take(384 * kMiB));
  EXPECT_FALSE(body(1).take(2 * kMiB));
  EXPECT_FALSE(body(3).take(2 * kMiB));
  EXPECT_EQ(admitted(1, kMiB, 1000), 64);  // half of an eighth
  EXPECT_EQ(admitted(3, kMiB, 1000), 64);
  EXPECT_FALSE(body(4).take(kMiB));
  EXPECT_EQ(shares_.used(), 1024 * kMiB);
}

TEST_F(BodySharesTest, ABodyThatGrowsIsNoSmallOneAnyMore) {
  BodyShares::Account& growing = body(1);
  ASSERT_TRUE(body(2).take(890 * kMiB));
  for (std::uint64_t size = kMiB / 4; size < kMiB; size += kMiB / 4) {
    ASSERT_TRUE(growing.take(kMiB / 4));
  }
  EXPECT_TRUE(growing.take(3 * kMiB));
  EXPECT_FALSE(growing.take(10 * kMiB)) << "what is kept for small bodies";
  EXPECT_EQ(admitted(3, kMiB, 1000), 64) << "it holds nothing of their room";
}

TEST_F(BodySharesTest, WhatIsReleasedIsThereAgain) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(admitted(1, 118 * kMiB, 10), 3);
    EXPECT_EQ(admitted(1, kMiB, 10), 10);
    bodies_.clear();
    EXPECT_EQ(shares_.used(), 0U);
  }
  BodyShares::Account& part = body(1);
  ASSERT_TRUE(part.take(10));
  part.release(4);
  EXPECT_EQ(shares_.used(), 6U);
}

}  // namespace
}  // namespace wasm_server
