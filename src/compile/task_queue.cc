#include "compile/task_queue.h"

#include <algorithm>

namespace wasm_server {

void TaskQueue::push(const CompileTask& task, Clock::time_point now) {
  remove(task.digest);
  by_digest_[task.digest] = tasks(task.ahead).emplace(now + kMaxWaitFactor * task.expected, task);
}

std::optional<CompileTask> TaskQueue::pop(bool may_begin_ahead) {
  const Tasks& from = asked_.empty() && may_begin_ahead ? ahead_ : asked_;
  if (from.empty()) return std::nullopt;
  const CompileTask task = from.begin()->second;
  remove(task.digest);
  return task;
}

bool TaskQueue::remove(const Digest& digest) {
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return false;
  tasks(found->second->second.ahead).erase(found->second);
  by_digest_.erase(found);
  return true;
}

bool TaskQueue::has_shorter_than(const CompileTask& task, std::chrono::microseconds time) const {
  const auto shorter = [time](const auto& item) { return item.second.expected < time; };
  return std::ranges::any_of(asked_, shorter) ||
         (task.ahead && std::ranges::any_of(ahead_, shorter));
}

}  // namespace wasm_server
