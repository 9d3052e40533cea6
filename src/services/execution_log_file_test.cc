#include "services/execution_log_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/execution_entry_json.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

ExecutionEntry entry_of(std::string stderr_bytes) {
  ExecutionEntry entry;
  entry.ended_at = 1'700'000'000'123;
  entry.revision = 7;
  entry.function = "f";
  entry.ended = "guest-trap";
  entry.exit_code = 4'294'967'295;
  entry.run = std::chrono::microseconds(42);
  entry.details = std::make_shared<ExecutionEntry::Details>(
      ExecutionEntry::Details{.request_id = "id",
                              .detail = "why",
                              .stderr_bytes = std::move(stderr_bytes),
                              .stderr_cut = true});
  return entry;
}

void expect_equal(const ExecutionEntry& left, const ExecutionEntry& right) {
  EXPECT_EQ(left.ended_at, right.ended_at);
  EXPECT_EQ(left.revision, right.revision);
  EXPECT_EQ(left.function, right.function);
  EXPECT_EQ(left.ended, right.ended);
  EXPECT_EQ(left.exit_code, right.exit_code);
  EXPECT_EQ(left.run, right.run);
  ASSERT_EQ(left.details == nullptr, right.details == nullptr);
  if (left.details) {
    EXPECT_EQ(*left.details, *right.details);
  }
}

TEST(ExecutionLine, HoldsWhateverAGuestWrote) {
  for (const std::string& written :
       {std::string("plain"), std::string("a\nb\r\n{\"wasm_id\":\"other\"}"),
        std::string("\0\xff\x80", 3), std::string("\x1b[2J\u2028")}) {
    const std::string line = execution_line("m\"\n", entry_of(written));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto back = parse_execution_line(line);
    ASSERT_TRUE(back) << line;
    EXPECT_EQ(back->id, "m\"\n");
    expect_equal(back->entry, entry_of(written));
  }
}

TEST(ExecutionLine, IsNothingElse) {
  const std::string line = execution_line("m", entry_of("x"));
  for (const std::string& wrong : {std::string(), std::string("{}"), std::string("[1]"),
                                   std::string("\0", 1), line.substr(0, 50), line.substr(1)}) {
    EXPECT_FALSE(parse_execution_line(wrong)) << wrong;
  }
}

class ExecutionLogFileTest : public testing::Test {
 protected:
  static constexpr ExecutionLog::Bounds kBounds{};

  void write(const std::string& text, int count = 1, std::uint64_t max_bytes = 1U << 20) const {
    ExecutionLog log{kBounds, 1};
    ExecutionLogFile file(log, directory_.path(), max_bytes);
    file.load();
    for (int i = 0; i < count; ++i) log.writer(0).add("m", entry_of(text));
    file.start();
    file.stop();
  }
  std::vector<std::string> loaded() const {
    ExecutionLog log{kBounds, 1};
    ExecutionLogFile file(log, directory_.path(), 1U << 20);
    file.load();
    std::vector<std::string> found;
    for (const auto& entry : log.read("m", {}, 1000)) found.push_back(entry.details->stderr_bytes);
    return found;
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "executions";
};

TEST_F(ExecutionLogFileTest, KeepsThemOverRestarts) {
  for (const char* text : {"one", "two", "three"}) write(text);
  EXPECT_THAT(loaded(), testing::ElementsAre("one", "two", "three"));
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(ExecutionLogFileTest, IsBounded) {
  for (int i = 0; i < 30; ++i) write(std::string(1000, static_cast<char>('a' + i % 26)), 3, 10'000);
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory_.path()))
    bytes += file.file_size();
  EXPECT_LE(bytes, 12'000U);
  const auto kept = loaded();
  EXPECT_GE(kept.size(), 3U);
  EXPECT_EQ(kept.back(), std::string(1000, 'd'));
}

TEST_F(ExecutionLogFileTest, PassesOverWhatACrashOrADiskLeft) {
  write("one");
  std::ofstream(path_, std::ios::app) << "{\"wasm_id\":\"m\",\"num";
  write("lost with the half line before it");
  std::ofstream(path_, std::ios::app) << std::string(3'000'000, '{') << '\n';
  write("two");
  EXPECT_THAT(loaded(), testing::ElementsAre("one", "two"));
}

TEST_F(ExecutionLogFileTest, FollowsNoLink) {
  const auto elsewhere = directory_.path() / "elsewhere";
  std::ofstream(elsewhere) << "data";
  std::filesystem::create_symlink(elsewhere, path_);
  write("one");
  std::string content;
  std::ifstream(elsewhere) >> content;
  EXPECT_EQ(content, "data");
}

}  // namespace
}  // namespace wasm_server
