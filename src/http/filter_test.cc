// What filters see, and what they can do.

#include "http/filter.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/paired_session.h"

namespace wasm_server {
namespace {

using Log = std::vector<std::string>;

constexpr Route kRoutes[] = {{.name = "upload",
                              .method = Method::kPost,
                              .pattern = "/upload",
                              .body = BodyHandling::kBuffered}};

// Writes down what it sees; refuses a request with the header `Refuse: ` and its name.
class Recorder final : public Filter {
 public:
  Recorder(std::string name, Log& log) : name_(std::move(name)), log_(log) {}

  bool answers(Request& request, const Route* route, Reply& reply) override {
    log_.push_back(name_ + " " + std::string(route != nullptr ? route->name : "no route"));
    if (request.header("refuse") != name_) return false;
    reply.status = 403;
    reply.body = "refused";
    return true;
  }

  void on_reply(const Request&, const Route* route, Reply& reply) override {
    log_.push_back(name_ + " " + std::to_string(reply.status) +
                   (route != nullptr ? "" : " no route"));
    reply.add_header("Seen-By", name_);
  }

 private:
  const std::string name_;
  Log& log_;
};

class Filters : public testing::Test {
 protected:
  Filters() {
    router_.bind("upload", [this](const Request& request) {
      log_.push_back("handler " + request.body);
      return Reply();
    });
    router_.add_filter(std::make_unique<Recorder>("one", log_));
    router_.add_filter(std::make_unique<Recorder>("two", log_));
  }

  std::string answer(std::string_view request) {
    session_.send(request);
    session_.run();
    return session_.receive(100'000);
  }

  Log log_;
  Router router_{kRoutes};
  PairedSession session_{router_, HttpLimits{}};
};

TEST_F(Filters, SeeTheRequestInOrderAndTheReplyInReverse) {
  const std::string reply =
      answer("POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(log_, Log({"one upload", "two upload", "handler body", "two 200", "one 200"}));
  EXPECT_NE(reply.find("Seen-By: two\r\nSeen-By: one\r\n"), std::string::npos) << reply;
}

TEST_F(Filters, CanAnswerInPlaceOfTheOthersAndTheHandler) {
  const std::string reply =
      answer("POST /upload HTTP/1.1\r\nHost: t\r\nRefuse: one\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(log_, Log({"one upload", "two 403", "one 403"}));
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 403 ") && reply.ends_with("refused")) << reply;
  log_.clear();
  EXPECT_TRUE(answer("POST /upload HTTP/1.1\r\nHost: t\r\nRefuse: two\r\n\r\n")
                  .starts_with("HTTP/1.1 403 "))
      << "on the same connection";
  EXPECT_EQ(log_, Log({"one upload", "two upload", "two 403", "one 403"}));
}

TEST_F(Filters, AnswerBeforeTheBodyIsAskedFor) {
  const std::string reply = answer(
      "POST /upload HTTP/1.1\r\nHost: t\r\nRefuse: two\r\nExpect: 100-continue\r\n"
      "Content-Length: 1000000\r\n\r\n");
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 403 ")) << reply;
  EXPECT_NE(reply.find("\r\nConnection: close\r\n"), std::string::npos) << reply;
}

TEST_F(Filters, SeeWhatHasNoRouteToo) {
  EXPECT_TRUE(answer("GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(answer("GET /upload HTTP/1.1\r\nHost: t\r\n\r\n").starts_with("HTTP/1.1 405 "));
  EXPECT_EQ(log_, Log({"one no route", "two no route", "two 404 no route", "one 404 no route",
                       "one no route", "two no route", "two 405 no route", "one 405 no route"}));
}

TEST_F(Filters, SeeTheReplyToWhatIsNoRequest) {
  EXPECT_TRUE(answer("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(log_, Log({"two 400 no route", "one 400 no route"}));
}

}  // namespace
}  // namespace wasm_server
