// What a client sends, to a whole session at the other end of a socket pair. It comes once at once
// and once in pieces, between which a handler that waits may be let go (where, the first two bytes
// say): the answers must be the same, and none may show what was not asked for.

#include "http/session.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>

#include "base/log.h"
#include "check.h"
#include "http/body_reader.h"
#include "http/request_id.h"
#include "testing/paired_session.h"

namespace wasm_server {

void log_info(std::string_view) {}
void log_warning(std::string_view) {}
void log_error(std::string_view) {}

namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// Handlers that wait, until they are let go.
class Gate {
 public:
  Task<void> pass() {
    const auto executor = co_await asio::this_coro::executor;
    const auto timer = std::make_shared<Timer>(executor, Timer::time_point::max());
    waiting_.push_back(timer);
    co_await timer->async_wait(asio::as_tuple(use_task));
  }

  // False when there was none.
  bool open() {
    const auto waiting = std::exchange(waiting_, {});
    for (const auto& timer : waiting) timer->cancel();
    return !waiting.empty();
  }

 private:
  std::vector<std::shared_ptr<Timer>> waiting_;
};

class Pieces final : public BodySource {
 public:
  Pieces(Bytes body, bool has_size) : body_(std::move(body)), has_size_(has_size) {}

  std::optional<std::uint64_t> size() const override {
    return has_size_ ? std::optional<std::uint64_t>(body_.size()) : std::nullopt;
  }

  Task<Result<ByteView>> next() override {
    const ByteView piece = ByteView(body_).substr(sent_, 7);
    sent_ += piece.size();
    co_return piece;
  }

 private:
  const Bytes body_;
  const bool has_size_;
  std::size_t sent_ = 0;
};

Bytes seen(const Request& request) {
  Bytes text(request.path);
  text.append("?").append(request.query).append("\n").append(request.id).append("\n");
  for (const auto& [name, value] : request.headers)
    text.append(name).append("=").append(value).append("\n");
  return text + request.body;
}

Reply reply_of(Bytes body);

// What was seen, with a body that is read as it arrives.
Task<Reply> read(Request& request) {
  Bytes text = seen(request);
  for (;;) {
    const Result<ByteView> piece = co_await request.body_reader->next();
    if (!piece) co_return problem(piece.error(), request.request_id);
    if (piece->empty()) co_return reply_of(std::move(text));
    text += *piece;
  }
}

Reply reply_of(Bytes body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

Task<Reply> held(Gate& gate, Request& request) {
  request.peer->watch([] {});
  co_await gate.pass();
  request.peer->unwatch();
  co_return reply_of(seen(request));
}

// Still watching while its answer is sent.
Task<Reply> streamed(Gate& gate, Request& request) {
  request.peer->watch([] {});
  co_await gate.pass();
  Reply reply;
  reply.body = std::make_unique<Pieces>(seen(request), request.query == "size");
  co_return reply;
}

constexpr Route kRoutes[] = {
    {.name = "read", .method = Method::kPost, .pattern = "/r", .body = BodyHandling::kStreamed},
    {.name = "ignore", .method = Method::kPost, .pattern = "/i", .body = BodyHandling::kStreamed},
    {.name = "get_held", .pattern = "/h"},
    {.name = "get_streamed", .pattern = "/s"},
    {.name = "get_seen", .pattern = "/wasm/{id}"},
    {.name = "post_held",
     .method = Method::kPost,
     .pattern = "/h",
     .body = BodyHandling::kBuffered},
    {.name = "post_streamed",
     .method = Method::kPost,
     .pattern = "/s",
     .body = BodyHandling::kBuffered},
    {.name = "post_seen",
     .method = Method::kPost,
     .pattern = "/wasm/{id}",
     .body = BodyHandling::kBuffered},
};

Router routes(Gate& gate) {
  Router router(kRoutes);
  for (const std::string method : {"get", "post"}) {
    router.bind(method + "_held", [&gate](Request& request) { return held(gate, request); });
    router.bind(method + "_streamed",
                [&gate](Request& request) { return streamed(gate, request); });
    router.bind(method + "_seen", [](Request& request) { return reply_of(seen(request)); });
  }
  router.bind("read", read);
  router.bind("ignore", [](Request& request) { return reply_of(seen(request)); });
  router.check_complete();
  return router;
}

// A pseudo-random sequence from two bytes.
class Choices {
 public:
  explicit Choices(std::uint32_t seed) : state_(seed * 2654435761U + 1) {}
  std::uint32_t below(std::uint32_t limit) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 16) % limit;
  }

 private:
  std::uint32_t state_;
};

class Client {
 public:
  Client() : router_(routes(gate_)), session_(router_, limits()) {}

  void send(std::string_view bytes) {
    // A session that has closed takes nothing; else nothing fills the socket, whose room is larger.
    session_.send(bytes);
    receive();
  }
  void open_gate() {
    if (gate_.open()) receive();
  }
  // All the answers. The session may have yet to notice the end, at its next sweep; it is cut.
  std::string end() {
    session_.shut_down_sending();
    receive();
    while (gate_.open()) receive();
    session_.cut();
    FUZZ_CHECK(!session_.is_open());
    return std::move(answers_);
  }

 private:
  static HttpLimits limits() {
    HttpLimits limits;
    limits.body_bytes = 2048;
    return limits;
  }

  void receive() {
    session_.run();
    for (std::string part = session_.receive(64U << 10); !part.empty();
         part = session_.receive(64U << 10)) {
      answers_ += part;
      session_.run();
    }
  }

  Gate gate_;
  const Router router_;
  PairedSession session_;
  std::string answers_;
};

bool is_ours(std::string_view id) {
  return id.size() == 27 && id[16] == '-' && id.find_first_not_of("0123456789abcdef-") == id.npos;
}

void replace_values(std::string& text, std::string_view name, std::string_view end, bool is_id) {
  for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at)) {
    at += name.size();
    const std::size_t size = std::min(text.find(end, at), text.size()) - at;
    if (!is_id || is_ours(std::string_view(text).substr(at, size))) text.replace(at, size, "*");
  }
}

// Without what may differ: the time, our ids, and whether the client was asked to go on.
std::string comparable(std::string text) {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  for (std::size_t at = text.find(kContinue); at != text.npos; at = text.find(kContinue, at))
    text.erase(at, kContinue.size());
  replace_values(text, "Date: ", "\r\n", false);
  replace_values(text, "X-Request-Id: ", "\r\n", true);
  replace_values(text, "\"request_id\":\"", "\"", true);
  return text;
}

// In an answer, not in what a body repeats: only the first, whose place is known.
void check_first(std::string_view answers) {
  if (answers.empty()) return;
  FUZZ_CHECK(answers.starts_with("HTTP/1.1 "));
  if (answers.starts_with("HTTP/1.1 100 ")) return;
  constexpr std::string_view kName = "\r\nX-Request-Id: ";
  const std::string_view head = answers.substr(0, answers.find("\r\n\r\n"));
  const std::size_t at = head.find(kName);
  FUZZ_CHECK(at != head.npos);
  const std::string_view value = head.substr(at + kName.size());
  FUZZ_CHECK(is_request_id(value.substr(0, value.find("\r\n"))));
}

void run(std::uint32_t seed, std::string_view bytes) {
  Client at_once;
  at_once.send(bytes);
  const std::string expected = at_once.end();
  check_first(expected);

  Choices choices(seed);
  Client in_pieces;
  while (!bytes.empty()) {
    const std::string_view piece =
        bytes.substr(0, 1 + choices.below(choices.below(4) == 0 ? 600 : 40));
    bytes.remove_prefix(piece.size());
    in_pieces.send(piece);
    if (choices.below(3) == 0) in_pieces.open_gate();
  }
  const std::string answers = in_pieces.end();
  check_first(answers);
  if (comparable(answers) != comparable(expected)) {
    std::fprintf(stderr, "at once:\n%s\nin pieces:\n%s\n", expected.c_str(), answers.c_str());
  }
  FUZZ_CHECK(comparable(answers) == comparable(expected));
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint32_t seed = data[0] * 256U + data[1];
  // A header ends: what is wrong in one that does not may be seen or not.
  wasm_server::run(seed, std::string(data + 2, data + size) + "\r\n\r\n");
  return 0;
}
