#pragma once

// A handler of HTTP requests without WebAssembly: what it does stands in a script. It plays the
// guest's side of an HttpExchange.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/runnable/call_spec.h"
#include "engine/runnable/runnable.h"

namespace wasm_server::testing_http {

struct Begin {
  unsigned status = 200;
  HttpFields fields{};
};
struct Send {
  std::string text;
  std::size_t times = 1;  // each waits for room
};
struct Drain {};  // reads the request's body up to its end
struct Echo {};   // the same, and writes it
// Reads one piece of it, and writes that.
struct EchoPiece {};
struct EndAnswer {
  HttpFields trailers{};
};
struct Compute {};  // uses its slice up
struct Sleep {
  std::chrono::milliseconds time;
};
struct AwaitGo {};  // sleeps until the test says so (Trace::go)
// Answers, as one, what it sees of the request, as lines.
struct ShowRequest {};
// The guest has ended.
struct Return {
  Outcome outcome = Answered{};
};

using Act = std::variant<Begin, Send, Drain, Echo, EchoPiece, EndAnswer, Compute, Sleep, AwaitGo,
                         ShowRequest, Return>;
// Acts one after the other, the last again and again.
using Script = std::vector<Act>;

// What tests see of a guest after it has gone.
struct Trace {
  std::atomic<std::size_t> steps{0};
  std::atomic<std::size_t> read{0};     // bytes of the request's body
  std::atomic<std::size_t> written{0};  // bytes of the answer's
  std::atomic<std::size_t> aborted{0};  // times that the body broke off
  std::atomic<bool> destroyed{false};
  std::atomic<bool> go{false};
};

class HttpGuest final : public Runnable {
 public:
  HttpGuest(Script script, std::shared_ptr<Trace> trace, HttpExchange& exchange,
            std::chrono::milliseconds timeout)
      : Runnable(timeout), script_(std::move(script)), trace_(std::move(trace)), http_(exchange) {}
  ~HttpGuest() override { trace_->destroyed = true; }

  void release() override {}

 private:
  // Whether an act is done, and if not, why not.
  using Pause = std::optional<Step>;

  Step step(Outcome& outcome) override {
    ++trace_->steps;
    outcome_ = &outcome;
    while (true) {
      const Act& act = script_[std::min(next_, script_.size() - 1)];
      const Pause pause = std::visit([this](const auto& one) { return perform(one); }, act);
      const bool stays = pause && (pause->kind == Step::Kind::kWaitsForSink ||
                                   std::holds_alternative<AwaitGo>(act));
      if (!stays) ++next_;
      if (pause) return *pause;
    }
  }

  Pause perform(const Begin& act) {
    http_.begin(act.status, act.fields);
    return std::nullopt;
  }
  Pause perform(const Send& act) {
    for (; sent_ < act.times; ++sent_) {
      if (!http_.ready()) return Step{Step::Kind::kWaitsForSink};
      write(act.text);
    }
    sent_ = 0;
    return std::nullopt;
  }
  Pause perform(const Drain&) {
    return read([](ByteView) {}, SIZE_MAX);
  }
  Pause perform(const Echo&) {
    return read([this](ByteView piece) { write(piece); }, SIZE_MAX);
  }
  Pause perform(const EchoPiece&) {
    return read([this](ByteView piece) { write(piece); }, 1);
  }
  Pause perform(const EndAnswer& act) {
    http_.end(act.trailers);
    return std::nullopt;
  }
  Pause perform(const Compute&) { return Step{Step::Kind::kSliceUsed}; }
  Pause perform(const Sleep& act) { return Step{Step::Kind::kSleeps, Clock::now() + act.time}; }
  Pause perform(const AwaitGo&) {
    constexpr std::chrono::milliseconds kAgain{1};
    if (trace_->go) return std::nullopt;
    return Step{Step::Kind::kSleeps, Clock::now() + kAgain};
  }
  Pause perform(const ShowRequest&) {
    const HttpRequestHead& head = http_.request();
    std::string text =
        head.method + " " + head.scheme + " " + head.authority + " " + head.path_with_query + "\n";
    for (const auto& [name, value] : head.fields)
      text.append(name).append(": ").append(value).append("\n");
    http_.begin(200, {});
    write(text);
    http_.end({});
    return perform(Return{});
  }
  Pause perform(const Return& act) {
    *outcome_ = act.outcome;
    return Step{Step::Kind::kFinished};
  }

  void write(ByteView bytes) {
    http_.write(bytes);
    trace_->written += bytes.size();
  }

  template <class Take>
  Pause read(Take take, std::size_t pieces) {
    for (; pieces > 0; --pieces) {
      if (!http_.ready()) return Step{Step::Kind::kWaitsForSink};
      ByteView piece;
      switch (http_.read_body(piece)) {
        case HttpExchange::BodyRead::kPiece:
          trace_->read += piece.size();
          take(piece);
          break;
        case HttpExchange::BodyRead::kWait:
          return Step{Step::Kind::kWaitsForSink};
        case HttpExchange::BodyRead::kEnd:
          return std::nullopt;
        case HttpExchange::BodyRead::kAborted:
          ++trace_->aborted;
          return std::nullopt;
      }
    }
    return std::nullopt;
  }

  void take_output(ExecutionResult&) override {}

  const Script script_;
  const std::shared_ptr<Trace> trace_;
  HttpExchange& http_;
  Outcome* outcome_ = nullptr;
  std::size_t next_ = 0;
  std::size_t sent_ = 0;  // of the act
};

}  // namespace wasm_server::testing_http
