// What of the store survives a crash: copies of its files at some moment, and a process that is
// killed while it commits.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/batch.h"
#include "store/open_store.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

void copy_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

TEST(Crash, ACopyOfTheFilesAtAnyMomentHoldsEveryAnsweredBatch) {
  TestStore store;
  std::vector<std::string> ids;
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < 40; ++i) {
    ids.push_back("m" + std::to_string(i));
    ASSERT_TRUE(put_module(*store, ids.back(), "code " + std::to_string(i / 2)).has_value());
    if (i % 20 == 7) {
      ASSERT_TRUE(put_module(*store, ids.back(), patterned(40'000), 2).has_value());
    }
    if (i % 20 == 13) {
      gone.push_back(ids[ids.size() - 3]);
      ids.erase(ids.end() - 3);
      ASSERT_TRUE(erase_module(*store, gone.back()).has_value());
    }
    if (i % 3 == 1) continue;
    const TemporaryDirectory copy;
    copy_files(store.path(), copy.path());
    const auto opened = open_store(copy.path(), {});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    const ModuleRepository found{**opened};
    for (const std::string& id : ids) EXPECT_TRUE(found.find(id).value().has_value()) << i << id;
    for (const std::string& id : gone) EXPECT_FALSE(found.find(id).value().has_value()) << i << id;
    const auto last = found.find(ids.back()).value().value();
    EXPECT_TRUE(found.read_code(last.digest).value().has_value()) << i;
  }
}

TEST(Crash, ReferencesAreCountedOnceEach) {
  TestStore store;
  ASSERT_TRUE(put_module(*store, "a", "code").has_value());
  ASSERT_TRUE(put_module(*store, "b", "code").has_value());
  const TemporaryDirectory copy;
  copy_files(store.path(), copy.path());
  auto opened = open_store(copy.path(), {}).value();
  const ModuleRepository modules{*opened};
  ASSERT_TRUE(erase_module(*opened, "a").has_value());
  EXPECT_EQ(modules.read_code(sha256("code")).value(), "code");
  ASSERT_TRUE(erase_module(*opened, "b").has_value());
  EXPECT_EQ(modules.read_code(sha256("code")).value(), std::nullopt);
}

// --- A process that is killed

// Batch number n saves "n" and, as its second change, modifies "other" to revision n; every third
// one deletes what the one before it saved. So each number says what has to be there.
void write_batch(Store& store, std::uint64_t number) {
  const auto batch = store.begin().value();
  ModuleBatch modules{*batch};
  const std::string code = patterned(number % 5 == 0 ? 30'000 : 100, static_cast<unsigned>(number));
  const auto bytes = std::make_shared<const Bytes>(code);
  static_cast<void>(modules.put(make_meta_data(std::to_string(number), code), bytes));
  static_cast<void>(modules.put(make_meta_data("other", code, number), bytes));
  if (number % 3 == 0) static_cast<void>(modules.erase(std::to_string(number - 1)));
  if (!store.commit(*batch)) _exit(1);
}

void expect_batches(const ModuleRepository& modules, std::uint64_t count) {
  ASSERT_EQ(modules.find("other").value()->revision, count);
  for (std::uint64_t number = 1; number <= count; ++number) {
    const bool deleted = number % 3 == 2 && number + 1 <= count;
    const auto found = modules.find(std::to_string(number)).value();
    ASSERT_EQ(found.has_value(), !deleted) << number << " of " << count;
    const auto older = modules.find_revision("other", number).value();
    ASSERT_TRUE(older.has_value()) << number;
    ASSERT_TRUE(modules.read_code(older->digest).value().has_value()) << number;
  }
  EXPECT_EQ(modules.find(std::to_string(count + 1)).value(), std::nullopt);
}

// Writes, and tells through the pipe of each batch that was answered.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, std::uint64_t from,
                                     int pipe) {
  auto store = open_store(path, {.log_bytes = 128U << 10}).value();
  for (std::uint64_t number = from;; ++number) {
    write_batch(*store, number);
    if (write(pipe, &number, sizeof number) != sizeof number) _exit(1);
  }
}

TEST(Crash, AProcessThatIsKilledLosesNoAnsweredBatchAndHasNoneByHalf) {
  const TemporaryDirectory directory;
  std::uint64_t count = 0;
  for (int round = 0; round < 6; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) write_until_killed(directory.path(), count + 1, pipe_ends[1]);
    close(pipe_ends[1]);
    std::uint64_t answered = count;
    const std::uint64_t goal = count + 20 + 13 * static_cast<std::uint64_t>(round);
    while (answered < goal && read(pipe_ends[0], &answered, sizeof answered) == sizeof answered) {
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(pipe_ends[0], &answered, sizeof answered) == sizeof answered) {
    }
    close(pipe_ends[0]);
    const auto opened = open_store(directory.path(), {});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    const ModuleRepository modules{**opened};
    count = modules.find("other").value()->revision;
    EXPECT_GE(count, answered);
    EXPECT_LE(count, answered + 1);
    expect_batches(modules, count);
  }
}

}  // namespace
}  // namespace wasm_server
