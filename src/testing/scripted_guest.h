#pragma once

// A kind of guest that knows nothing of WebAssembly: what each of its slices does stands in a
// script. With it, tests show that whoever runs guests knows the Runnable only.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/cpu_time.h"
#include "engine/runnable/call_spec.h"
#include "engine/runnable/runnable.h"

namespace wasm_server::testing_guest {

struct Compute {};      // uses its slice up
struct BecomeHeavy {};  // and leaves its thread for it
struct Sleep {
  std::chrono::milliseconds time;
};
// To the sink, or else to its own output.
struct Write {
  std::string text;
};
struct WaitForSink {};  // until that has room
// Holds its thread for so much CPU time.
struct Hold {
  std::chrono::milliseconds time;
};
struct Throw {};  // as a bug of ours
struct End {
  Outcome outcome;
};

using Act = std::variant<Compute, BecomeHeavy, Sleep, Write, WaitForSink, Hold, Throw, End>;
// Acts one after the other, the last again and again.
using Script = std::vector<Act>;

// What tests see of a guest after it has gone.
struct Trace {
  std::atomic<std::size_t> steps{0};
  std::atomic<bool> released{false};
  std::atomic<bool> destroyed{false};
};

class ScriptedGuest : public Runnable {
 public:
  ScriptedGuest(Script script, std::shared_ptr<Trace> trace, CallSpec spec = {})
      : Runnable(spec.limits.timeout),
        script_(std::move(script)),
        trace_(std::move(trace)),
        spec_(std::move(spec)) {}
  ~ScriptedGuest() override { trace_->destroyed = true; }

  void release() override { trace_->released = true; }

 private:
  Step step(Outcome& outcome) override {
    ++trace_->steps;
    while (true) {
      const Act& act = script_[std::min(next_, script_.size() - 1)];
      const bool waits = std::holds_alternative<WaitForSink>(act);
      if (waits && !spec_.sink->ready()) return {Step::Kind::kWaitsForSink};
      ++next_;
      if (const auto* write = std::get_if<Write>(&act)) {
        take(write->text);
      } else if (!waits) {
        return perform(act, outcome);
      }
    }
  }

  Step perform(const Act& act, Outcome& outcome) {
    if (const auto* sleep = std::get_if<Sleep>(&act)) {
      return {Step::Kind::kSleeps, Clock::now() + sleep->time};
    }
    if (const auto* end = std::get_if<End>(&act)) {
      outcome = end->outcome;
      return {Step::Kind::kFinished};
    }
    if (std::holds_alternative<BecomeHeavy>(act)) set_heavy();
    if (std::holds_alternative<Throw>(act)) throw std::runtime_error("a bug");
    if (const auto* hold = std::get_if<Hold>(&act)) compute_for(hold->time);
    return {Step::Kind::kSliceUsed};
  }

  void take(const std::string& text) {
    if (spec_.sink != nullptr) {
      spec_.sink->write(text);
    } else {
      written_ += text;
    }
  }

  static void compute_for(std::chrono::milliseconds time) {
    const auto end = thread_cpu_time() + time;
    while (thread_cpu_time() < end) {
    }
  }

  void take_output(ExecutionResult& result) override { result.stdout_bytes = std::move(written_); }

  const Script script_;
  const std::shared_ptr<Trace> trace_;
  const CallSpec spec_;
  std::size_t next_ = 0;
  std::string written_;
};

}  // namespace wasm_server::testing_guest
