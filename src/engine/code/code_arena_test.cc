#include "engine/code/code_arena.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

constexpr std::size_t kPage = 4096;

// A function that returns `value`: mov eax, value; ret.
std::string returns(char value) { return {'\xb8', value, 0, 0, 0, '\xc3'}; }
int run(const CodeArena::Piece& piece) {
  return reinterpret_cast<int (*)()>(reinterpret_cast<std::uintptr_t>(piece.content.data()))();
}

// The permissions of the mapping with that address, as /proc/self/maps has them: "r-xs".
std::string permissions_at(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    std::size_t end = 0;
    const auto from = std::stoull(line, &end, 16);
    const auto to = std::stoull(line.substr(end + 1), &end, 16);
    if (from <= wanted && wanted < to) return line.substr(line.find(' ') + 1, 4);
  }
  return {};
}

class CodeArenaTest : public testing::Test {
 protected:
  std::unique_ptr<CodeArena> arena_ = CodeArena::make(64 * kPage).value();
};

TEST_F(CodeArenaTest, HoldsCodeThatRuns) {
  const auto one = arena_->add(returns(1)).value();
  const auto two = arena_->add(returns(2)).value();
  EXPECT_EQ(run(one), 1);
  EXPECT_EQ(run(two), 2);
  EXPECT_EQ(one.content, returns(1));
}

TEST_F(CodeArenaTest, CannotBeWrittenThroughItsMapping) {
  const auto piece = arena_->add(returns(1)).value();
  EXPECT_EQ(permissions_at(piece.content.data()), "r-xs");
}

TEST_F(CodeArenaTest, PutsEachPieceOnPagesOfItsOwn) {
  const std::string large(kPage + 1, 'a');
  for (int i = 0; i < 4; ++i) {
    const auto piece = arena_->add(large).value();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece.content.data()) % kPage, 0U);
    EXPECT_EQ(piece.content, large);
  }
}

TEST_F(CodeArenaTest, RefusesWhatHasNoRoom) {
  EXPECT_FALSE(arena_->add(std::string(65 * kPage, 'a')));
  EXPECT_TRUE(arena_->add(std::string(63 * kPage, 'a')));
  EXPECT_TRUE(arena_->add("last page"));
  EXPECT_FALSE(arena_->add("more"));
  EXPECT_FALSE(arena_->add(""));
}

TEST_F(CodeArenaTest, UsesTheRoomOfWhatWasRemovedAgain) {
  std::vector<CodeArena::Piece> pieces;
  for (char i = 0; i < 64; ++i) pieces.push_back(arena_->add(returns(i)).value());
  arena_->remove(pieces[7].content.data() + 5);  // any address in it
  const auto next = arena_->add(returns(99)).value();
  EXPECT_EQ(next.content.data(), pieces[7].content.data());
  EXPECT_EQ(run(next), 99);
  for (char i = 0; i < 64; ++i) {
    if (i == 7) continue;
    EXPECT_EQ(run(pieces[static_cast<std::size_t>(i)]), i);
  }
}

TEST_F(CodeArenaTest, RemovesAPieceOnceWhateverCameInItsPlace) {
  const auto whole = arena_->add(std::string(64 * kPage, 'a')).value();
  arena_->remove(whole);
  const auto next = arena_->add(std::string(64 * kPage, 'b')).value();
  ASSERT_EQ(next.content.data(), whole.content.data());
  arena_->remove(whole);
  EXPECT_FALSE(arena_->add("x")) << "the second one was removed in place of the first";
  arena_->remove(next);
  EXPECT_TRUE(arena_->add("x"));
}

TEST_F(CodeArenaTest, RemovesNoNeighbourOfWhatIsNotThere) {
  arena_->add(std::string(62 * kPage, 'a')).value();
  const auto neighbour = arena_->add("b").value();
  const auto gone = arena_->add("c").value();
  arena_->remove(gone.content.data());
  arena_->remove(gone.content.data());
  EXPECT_TRUE(arena_->add("d"));
  EXPECT_FALSE(arena_->add("e")) << "a neighbour was removed";
  EXPECT_EQ(neighbour.content, "b");
}

TEST_F(CodeArenaTest, KnowsItsAddresses) {
  const auto piece = arena_->add(returns(1)).value();
  const int elsewhere = 0;
  EXPECT_TRUE(arena_->contains(piece.content.data()));
  EXPECT_FALSE(arena_->contains(&elsewhere));
}

TEST(CodeArena, GivesMemoryBackWhenMuchIsFree) {
  constexpr std::size_t kMegabyte = 1U << 20;
  const auto arena = CodeArena::make(100 * kMegabyte).value();
  const std::string content(kMegabyte, 'a');
  std::vector<CodeArena::Piece> pieces;
  for (int i = 0; i < 80; ++i) pieces.push_back(arena->add(content).value());
  EXPECT_GE(arena->resident(), 80 * kMegabyte);
  for (std::size_t i = 0; i < pieces.size(); i += 2) arena->remove(pieces[i]);
  EXPECT_LT(arena->resident(), 75 * kMegabyte);
  for (std::size_t i = 1; i < pieces.size(); i += 2) {
    ASSERT_EQ(pieces[i].content, content) << "what is used was given back";
    arena->remove(pieces[i]);
  }
  EXPECT_LE(arena->resident(), 40 * kMegabyte);
}

TEST(CodeArena, IsUsedByManyThreads) {
  const auto arena = CodeArena::make(256 * kPage).value();
  const auto work = [&arena](char value) {
    for (int i = 0; i < 2'000; ++i) {
      const auto piece = arena->add(returns(value));
      if (!piece) continue;
      ASSERT_EQ(run(*piece), value);
      arena->remove(piece->content.data());
    }
  };
  std::vector<std::jthread> threads;
  for (char value = 1; value <= 4; ++value) threads.emplace_back(work, value);
}

}  // namespace
}  // namespace wasm_server
