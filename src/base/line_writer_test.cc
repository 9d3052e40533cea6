#include "base/line_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/descriptor.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNone{0};
constexpr milliseconds kLong{60'000};

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out_.emplace(ends[0]);
    in_.emplace(ends[1]);
  }

  // All that is there.
  std::string read_all() {
    ::fcntl(out_->get(), F_SETFL, O_NONBLOCK);
    std::string text;
    std::vector<char> space(1U << 20);
    for (ssize_t n = 0; (n = ::read(out_->get(), space.data(), space.size())) > 0;) {
      text.append(space.data(), static_cast<std::size_t>(n));
    }
    return text;
  }

  static std::string notice(std::uint64_t lost) { return "lost " + std::to_string(lost) + "\n"; }

  std::optional<Descriptor> out_;
  std::optional<Descriptor> in_;
};

TEST_F(LineWriterTest, WritesLinesInTheirOrder) {
  LineWriter writer(in_->get(), 1U << 16, notice);
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    all += line;
    writer.push(line);
  }
  EXPECT_TRUE(writer.flush(kLong));
  EXPECT_EQ(read_all(), all);
}

// The pipe holds a page; beyond it and the queue nothing fits. Nobody has waited: the test would
// hang.
TEST_F(LineWriterTest, CountsWhatNobodyReadsAndSaysItLater) {
  constexpr std::size_t kQueue = 32U << 10;
  ASSERT_GT(::fcntl(in_->get(), F_SETPIPE_SZ, 4096), 0);
  const std::string line = std::string(99, 'x') + "\n";
  constexpr std::size_t kLines = 5'000;
  LineWriter writer(in_->get(), kQueue, notice);
  for (std::size_t i = 0; i < kLines; ++i) writer.push(line);
  EXPECT_FALSE(writer.flush(kNone));
  std::string text;
  do {
    text += read_all();
  } while (!writer.flush(milliseconds{1}));
  text += read_all();
  std::size_t written = 0;
  std::size_t lost = 0;
  std::istringstream lines(text);
  for (std::string found; std::getline(lines, found);) {
    if (found.starts_with("lost ")) {
      lost += std::stoul(found.substr(5));
    } else {
      EXPECT_EQ(found + "\n", line);  // whole
      ++written;
    }
  }
  EXPECT_GE(written, kQueue / line.size());
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(written + lost, kLines);
  writer.push(line);
  EXPECT_TRUE(writer.flush(kLong));
  EXPECT_EQ(read_all(), line);
}

TEST_F(LineWriterTest, FinishesInBoundedTimeThoughNobodyReads) {
  LineWriter writer(in_->get(), 1U << 20, notice);
  writer.push(std::string(1U << 18, 'x') + "\n");
  EXPECT_FALSE(writer.finish(milliseconds{10}));
}

TEST_F(LineWriterTest, FinishesWithEverythingWrittenWhereItIsRead) {
  LineWriter writer(in_->get(), 1U << 20, notice);
  writer.push("last words\n");
  EXPECT_TRUE(writer.finish(kLong));
  writer.push("too late\n");
  EXPECT_EQ(read_all(), "last words\n");
}

TEST_F(LineWriterTest, GoesOnWhenTheOtherEndIsClosed) {
  out_.reset();
  LineWriter writer(in_->get(), 1U << 10, notice);
  for (int i = 0; i < 100; ++i) {
    writer.push("to nobody\n");
    EXPECT_TRUE(writer.flush(kLong));
  }
}

TEST_F(LineWriterTest, OneTextIsWrittenAsFarAsItIsRead) {
  EXPECT_TRUE(write_within(in_->get(), "hello\n", kNone));
  EXPECT_EQ(read_all(), "hello\n");
  EXPECT_FALSE(write_within(in_->get(), std::string(1U << 18, 'x'), milliseconds{10}));
}

}  // namespace
}  // namespace wasm_server
