#include "testing/http_test_server.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/body_reader.h"

namespace wasm_server {
namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

Reply text_reply(std::string text) {
  Reply reply;
  reply.content_type = "text/plain";
  reply.body = std::move(text);
  return reply;
}

std::uint64_t number(const Request& request, std::string_view name, std::uint64_t otherwise) {
  const auto text = request.query_value(name);
  return text ? std::stoull(*text) : otherwise;
}

constexpr Route kRoutes[] = {
    {.name = "health", .pattern = "/healthz"},
    {.name = "request", .pattern = "/request"},
    {.name = "post_echo",
     .method = Method::kPost,
     .pattern = "/echo",
     .body = BodyHandling::kBuffered},
    {.name = "put_echo",
     .method = Method::kPut,
     .pattern = "/echo",
     .body = BodyHandling::kBuffered},
    {.name = "stream_echo",
     .method = Method::kPost,
     .pattern = "/stream/echo",
     .body = BodyHandling::kStreamed},
    {.name = "stream_count",
     .method = Method::kPost,
     .pattern = "/stream/count",
     .body = BodyHandling::kStreamed},
    {.name = "stream_interrupt",
     .method = Method::kPost,
     .pattern = "/stream/interrupt",
     .body = BodyHandling::kStreamed},
    {.name = "stream_arrived",
     .method = Method::kPost,
     .pattern = "/stream/arrived",
     .body = BodyHandling::kStreamed},
    {.name = "stream_ignore",
     .method = Method::kPost,
     .pattern = "/stream/ignore",
     .body = BodyHandling::kStreamed},
    {.name = "empty", .pattern = "/empty"},
    {.name = "shared", .pattern = "/shared"},
    {.name = "throw", .pattern = "/throw"},
    {.name = "wasm", .pattern = "/wasm/{id}"},
    {.name = "afterwards", .pattern = "/afterwards"},
    {.name = "hook", .pattern = "/hook"},
    {.name = "held", .pattern = "/held"},
    {.name = "stream", .pattern = "/stream"},
};

Task<Reply> health(Request&) { co_return json_reply(200, R"({"status":"ok"})"); }

Task<Reply> show_request(Request& request) {
  std::string text = "path=" + std::string(request.path) + "\nquery=" + std::string(request.query) +
                     "\nid=" + std::string(request.request_id) + "\nbody=" + request.body + "\n";
  for (const auto& [name, value] : request.headers) {
    text.append(name).append("=").append(value).append("\n");
  }
  co_return text_reply(std::move(text));
}

Task<Reply> echo(Request& request) { co_return text_reply(std::move(request.body)); }

// The request's body, read when the client takes what came before.
class EchoSource final : public BodySource {
 public:
  EchoSource(BodyReader& body, bool has_size) : body_(body), has_size_(has_size) {}

  std::optional<std::uint64_t> size() const override {
    return has_size_ ? body_.size() : std::nullopt;
  }
  Task<Result<ByteView>> next() override { return body_.next(); }

 private:
  BodyReader& body_;
  const bool has_size_;
};

Answer stream_echo(const Request& request) {
  Reply reply = text_reply({});
  const bool has_size = request.query_value("known").has_value();
  reply.body = std::make_unique<EchoSource>(*request.body_reader, has_size);
  return reply;
}

Task<void> pause_for(std::chrono::milliseconds time) {
  const auto executor = co_await asio::this_coro::executor;
  Timer timer(executor, time);
  co_await timer.async_wait(use_task);
}

Task<Reply> stream_count(Request& request) {
  const std::uint64_t stop_at = number(request, "stop_at", UINT64_MAX);
  const std::chrono::milliseconds pause(number(request, "pause_ms", 0));
  std::uint64_t size = 0;
  std::size_t largest = 0;
  while (size < stop_at) {
    const Result<ByteView> piece = co_await request.body_reader->next();
    if (!piece) co_return problem(piece.error(), request.request_id);
    if (piece->empty()) break;
    size += piece->size();
    largest = std::max(largest, piece->size());
    if (pause.count() > 0) co_await pause_for(pause);
  }
  co_return text_reply(std::to_string(size) + " bytes, at most " + std::to_string(largest));
}

Task<Reply> stream_interrupt(Request& request) {
  BodyReader& body = *request.body_reader;
  const auto executor = co_await asio::this_coro::executor;
  Timer timer(executor);
  std::size_t size = 0;
  std::size_t interruptions = 0;
  while (!body.has_ended()) {
    timer.expires_after(std::chrono::milliseconds(5));
    timer.async_wait([&body](const boost::system::error_code& error) {
      if (!error) body.interrupt();
    });
    const Result<ByteView> piece = co_await body.next();
    timer.cancel();
    if (!piece) co_return problem(piece.error(), request.request_id);
    size += piece->size();
    if (piece->empty() && !body.has_ended()) ++interruptions;
  }
  co_return text_reply(std::to_string(size) + (interruptions > 0 ? " interrupted" : " at once"));
}

Answer stream_arrived(const Request& request) {
  const std::size_t size = request.body_reader->arrived().size();
  return text_reply(std::to_string(size) + (request.body_reader->has_ended() ? ", all" : ""));
}

Answer stream_ignore(const Request&) { return text_reply("ignored"); }

Task<Reply> empty(Request& request) {
  Reply reply;
  reply.status = static_cast<unsigned>(number(request, "status", 200));
  co_return reply;
}

Task<Reply> share(Request& request) {
  Reply reply = text_reply({});
  reply.body = std::make_shared<const Bytes>(pattern(number(request, "size", 0)));
  co_return reply;
}

Task<Reply> fail_badly(Request&) {
  throw std::runtime_error("a handler's bug");
  co_return Reply{};
}

Task<Reply> show_id(Request& request) { co_return text_reply(std::string(request.id)); }

class PatternSource final : public BodySource {
 public:
  using Counter = std::shared_ptr<std::atomic<std::size_t>>;

  PatternSource(const Request& request, Counter open)
      : size_(number(request, "size", 0)),
        fail_at_(number(request, "fail_at", UINT64_MAX)),
        deadline_(deadline_of(request)),
        header_first_(request.query_value("header_first").has_value()),
        open_(std::move(open)) {
    if (request.query_value("known")) announced_ = number(request, "lie", size_);
    ++*open_;
  }
  ~PatternSource() override { --*open_; }

  std::optional<std::uint64_t> size() const override { return announced_; }

  std::chrono::steady_clock::time_point deadline() const override { return deadline_; }

  bool sends_header_first() const override { return header_first_; }

  Task<Result<ByteView>> next() override {
    constexpr std::size_t kPiece = 10'000;
    if (sent_ >= fail_at_) co_return fail(ErrorCode::kInternal, "the source failed");
    const std::size_t n = std::min<std::size_t>(kPiece, size_ - sent_);
    piece_ = pattern(n, sent_);
    sent_ += n;
    co_return ByteView(piece_);
  }

 private:
  static std::chrono::steady_clock::time_point deadline_of(const Request& request) {
    if (!request.query_value("within_ms")) return std::chrono::steady_clock::time_point::max();
    const std::chrono::milliseconds within(number(request, "within_ms", 0));
    return std::chrono::steady_clock::now() + within;
  }

  const std::uint64_t size_;
  const std::uint64_t fail_at_;
  const std::chrono::steady_clock::time_point deadline_;
  const bool header_first_;
  const Counter open_;
  std::optional<std::uint64_t> announced_;
  std::uint64_t sent_ = 0;
  std::string piece_;
};

}  // namespace

std::string pattern(std::size_t size, std::size_t offset) {
  constexpr std::string_view kRepeated = "abcdefghijklmnopqrstuvw";
  std::string text(kRepeated.substr(offset % kRepeated.size()));
  while (text.size() < size) text += kRepeated;
  text.resize(size);
  return text;
}

TestServer::TestServer(HttpLimits limits, std::size_t loops) {
  std::vector<wasm_server::EventLoop> served;
  for (std::size_t i = 0; i < loops; ++i) {
    Loop& loop = *loops_.emplace_back(std::make_unique<Loop>());
    add_routes(loop.router);
    served.push_back({&loop.context, &loop.router});
  }
  server_ = std::make_unique<Server>(std::move(served), limits);
  const auto bound = server_->bind("127.0.0.1:0");
  if (!bound) throw std::runtime_error(bound.error().message);
  server_->start();
  for (const auto& loop : loops_) {
    threads_.emplace_back([&context = loop->context] {
      const auto work = asio::make_work_guard(context);
      context.run();
    });
  }
}

TestServer::~TestServer() {
  release();
  server_->drain(std::chrono::seconds(10));
  for (const auto& loop : loops_) loop->context.stop();
  threads_.clear();
}

void TestServer::add_routes(Router& router) {
  router = Router(kRoutes);
  router.bind("health", health);
  router.bind("request", show_request);
  router.bind("post_echo", echo);
  router.bind("put_echo", echo);
  router.bind("stream_echo", stream_echo);
  router.bind("stream_count", stream_count);
  router.bind("stream_interrupt", stream_interrupt);
  router.bind("stream_arrived", stream_arrived);
  router.bind("stream_ignore", stream_ignore);
  router.bind("empty", empty);
  router.bind("shared", share);
  router.bind("throw", fail_badly);
  router.bind("wasm", show_id);
  router.bind("afterwards", [this](const Request& request) {
    Reply reply = json_reply(200, pattern(std::stoul(*request.query_value("size"))));
    reply.afterwards = [this] { ++afterwards_; };
    return reply;
  });
  router.bind("hook", [this](const Request& request) {
    hook_(request);
    return Reply();
  });
  router.bind("held", [this](Request& request) { return hold(request); });
  router.bind("stream", [this](Request& request) { return open_stream(request); });
  router.check_complete();
}

Task<Reply> TestServer::hold(Request& request) {
  const auto executor = co_await asio::this_coro::executor;
  Timer pause(executor);
  const auto left = std::make_shared<bool>(false);
  request.peer->watch([left] { *left = true; });
  ++waiting_;
  while (!released_ && !*left) {
    pause.expires_after(std::chrono::milliseconds(2));
    co_await pause.async_wait(use_task);
  }
  --waiting_;
  if (*left) ++gone_;
  request.peer->unwatch();
  co_return text_reply("released");
}

Task<Reply> TestServer::open_stream(Request& request) {
  Reply reply = text_reply({});
  reply.body = std::make_unique<PatternSource>(request, open_sources_);
  co_return reply;
}

}  // namespace wasm_server
