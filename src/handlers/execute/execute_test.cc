#include "handlers/execute/execute.h"

#include <array>
#include <future>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "handlers/execute/execute_request.h"
#include "handlers/handler_test.h"

namespace wasm_server {
namespace {

constexpr std::string_view kAdd =
    "(module (func (export \"add\") (param $a i32) (param $b i32) (result i32)"
    " (i32.add (local.get $a) (local.get $b))))";

Task<void> occupy(HelperPool& helpers, std::promise<void>& begun, std::shared_future<void> until) {
  std::move_only_function<Result<int>()> wait = [&begun,
                                                 until = std::move(until)]() -> Result<int> {
    begun.set_value();
    until.wait();
    return 0;
  };
  co_await helpers.run<int>(std::move(wait));
}

class Execute : public HandlerTest {
 protected:
  Execute() { EXPECT_EQ(add("add", kAdd).status, 201U); }

  TestReply execute(const std::string& body, const std::string& query = {}) {
    return call("POST", "/wasm/add" + query, body, {{"Content-Type", "application/json"}});
  }

  static std::string long_json(const std::string& text) {
    return text + std::string(kInlineJsonBytes, ' ');
  }
};

TEST_F(Execute, AnswersLongJsonLikeAnyOther) {
  const std::string sum = R"({"results":[42]})";
  EXPECT_EQ(execute(long_json("[2,40]")).body, sum);
  EXPECT_EQ(execute(long_json("{}"), "?arg=2&arg=40").body, sum);
  EXPECT_EQ(execute(long_json(R"({"args":[1],"function":"add"})")).status, 400U);
  EXPECT_EQ(execute(long_json("[2,")).status, 400U);
  EXPECT_EQ(execute(long_json("[2,40]"), "?env=x").status, 400U);
  EXPECT_EQ(execute(long_json(R"({"function":"sub"})")).status, 404U);
}

// While the one helper is busy and its queue is full there is nobody who could parse long JSON; the
// loop itself would have answered it.
TEST_F(Execute, ParsesLongJsonBesideTheLoop) {
  std::promise<void> release;
  const std::shared_future<void> until = release.get_future().share();
  std::array<std::promise<void>, 5> begun;  // one runs, four wait
  for (std::promise<void>& one : begun) {
    asio::co_spawn(worker_.context(), occupy(helpers_, one, until), asio::detached);
    if (&one == &begun.front()) one.get_future().wait();
  }
  EXPECT_EQ(execute("[2,40]").status, 200U);  // the loop has come to all of them
  EXPECT_EQ(execute(long_json("[2,40]")).status, 503U);
  release.set_value();
  begun.back().get_future().wait();
}

}  // namespace
}  // namespace wasm_server
