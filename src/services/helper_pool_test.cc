#include "services/helper_pool.h"

#include <future>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using Work = std::move_only_function<Result<std::string>()>;

struct Answer {
  Result<std::string> result;
  std::thread::id resumed_on;
};

Task<void> ask(HelperPool& pool, Work work, std::vector<Answer>& answers) {
  Result<std::string> result = co_await pool.run<std::string>(std::move(work));
  answers.push_back({std::move(result), std::this_thread::get_id()});
}

TEST(HelperPool, WorksElsewhereAndResumesOnTheCallersLoop) {
  asio::io_context loop(1);
  HelperPool pool(1, 4);
  std::thread::id worked_on;
  std::vector<Answer> answers;
  Work work = [&worked_on]() -> Result<std::string> {
    worked_on = std::this_thread::get_id();
    return "done";
  };
  asio::co_spawn(loop, ask(pool, std::move(work), answers), asio::detached);
  loop.run();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].result, "done");
  EXPECT_EQ(answers[0].resumed_on, std::this_thread::get_id());
  EXPECT_NE(worked_on, std::this_thread::get_id());
}

TEST(HelperPool, OutlivesWorkThatThrows) {
  asio::io_context loop(1);
  HelperPool pool(1, 4);
  std::vector<Answer> answers;
  Work throws = []() -> Result<std::string> { throw std::bad_alloc(); };
  Work works = []() -> Result<std::string> { return "done"; };
  asio::co_spawn(loop, ask(pool, std::move(throws), answers), asio::detached);
  asio::co_spawn(loop, ask(pool, std::move(works), answers), asio::detached);
  loop.run();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].result.error().code, ErrorCode::kInternal);
  EXPECT_NE(answers[0].result.error().log, "") << "logged with the request's id";
  EXPECT_EQ(answers[1].result, "done");
}

TEST(HelperPool, RefusesAtOnceWhatDoesNotFit) {
  asio::io_context loop(1);
  HelperPool pool(1, 2);
  std::promise<void> started;
  std::promise<void> release;
  std::vector<Answer> answers;
  Work first = [&]() -> Result<std::string> {
    started.set_value();
    release.get_future().wait();
    return "first";
  };
  asio::co_spawn(loop, ask(pool, std::move(first), answers), asio::detached);
  loop.poll();
  started.get_future().wait();
  for (const char* name : {"second", "third"}) {
    asio::co_spawn(
        loop, ask(pool, [name]() -> Result<std::string> { return name; }, answers), asio::detached);
  }
  loop.poll();
  EXPECT_TRUE(answers.empty());
  asio::co_spawn(
      loop, ask(pool, []() -> Result<std::string> { return "fourth"; }, answers), asio::detached);
  loop.poll();
  ASSERT_EQ(answers.size(), 1U) << "two wait already";
  EXPECT_EQ(answers[0].result.error().code, ErrorCode::kOverloaded);
  release.set_value();
  loop.run();
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[1].result, "first");
  EXPECT_EQ(answers[2].result, "second");
  EXPECT_EQ(answers[3].result, "third");
}

// What runs is held until what waits was dropped, so that nothing but stop() can have ended it.
TEST(HelperPool, DropsWhatWaitsWhenItStops) {
  asio::io_context loop(1);
  HelperPool pool(1, 4);
  std::promise<void> started;
  std::promise<void> dropped;
  std::vector<Answer> answers;
  bool first_ended = false;
  bool second_ran = false;
  Work first = [&]() -> Result<std::string> {
    started.set_value();
    dropped.get_future().wait();
    first_ended = true;
    return "first";
  };
  auto tell = std::shared_ptr<void>(nullptr, [&dropped](void*) { dropped.set_value(); });
  Work second = [&second_ran, tell = std::move(tell)]() -> Result<std::string> {
    second_ran = true;
    return "second";
  };
  asio::co_spawn(loop, ask(pool, std::move(first), answers), asio::detached);
  loop.poll();
  started.get_future().wait();
  asio::co_spawn(loop, ask(pool, std::move(second), answers), asio::detached);
  loop.poll();
  pool.stop();
  EXPECT_TRUE(first_ended);
  EXPECT_FALSE(second_ran);
  asio::co_spawn(
      loop, ask(pool, []() -> Result<std::string> { return "third"; }, answers), asio::detached);
  loop.poll();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].result, "first");
  EXPECT_EQ(answers[1].result.error().code, ErrorCode::kOverloaded) << "stopped";
}

}  // namespace
}  // namespace wasm_server
