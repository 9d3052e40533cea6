#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/digest.h"

namespace wasm_server {

// Who compiles a module, and how.
enum class TaskClass : std::uint8_t {
  kSmall,      // an execution waits, and it will not take long: optimised code at once
  kBaseline,   // an execution waits for a large one: baseline code
  kOptimised,  // nobody waits
};
inline constexpr std::size_t kTaskClasses = 3;

struct CompileTask {
  using Clock = std::chrono::steady_clock;

  Digest digest;
  TaskClass task_class = TaskClass::kOptimised;
  std::chrono::microseconds expected{0};  // CPU time
  bool ahead = false;                     // no execution has asked for the module yet
  // So much CPU time it may take before it makes way for a shorter one.
  std::chrono::nanoseconds undisturbed = std::chrono::seconds(2);
};

// The tasks of one class that wait for a worker. Those that an execution has asked for go before
// those ahead of need. Of either, the one that is expected to be the shortest goes first, but for
// those that have waited for kMaxWaitFactor times as long as they take themselves: many short ones
// do not keep a long one for ever. One task for each digest. Guarded by its owner.
class TaskQueue {
 public:
  using Clock = CompileTask::Clock;
  static constexpr int kMaxWaitFactor = 20;

  // In place of a former one of the same digest.
  void push(const CompileTask& task, Clock::time_point now);
  // The first; of those ahead of need only if they may begin now.
  std::optional<CompileTask> pop(bool may_begin_ahead = true);
  bool remove(const Digest& digest);
  bool contains(const Digest& digest) const { return by_digest_.contains(digest); }

  bool empty() const { return by_digest_.empty(); }
  // Whether one is expected to take less than that which would go before one like `task`.
  bool has_shorter_than(const CompileTask& task, std::chrono::microseconds time) const;

 private:
  // By when it is due, were each given kMaxWaitFactor times its own time to wait.
  using Tasks = std::multimap<Clock::time_point, CompileTask>;

  Tasks& tasks(bool ahead) { return ahead ? ahead_ : asked_; }

  Tasks asked_;
  Tasks ahead_;
  std::unordered_map<Digest, Tasks::iterator> by_digest_;
};

}  // namespace wasm_server
