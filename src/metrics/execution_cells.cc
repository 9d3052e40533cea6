#include "metrics/execution_cells.h"

#include <algorithm>
#include <numeric>

namespace wasm_server {
namespace {

constexpr std::size_t kMaxModules = 1'000;

std::uint64_t nanoseconds(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

ExecutionTotals totals_of(const ExecutionResult& result) {
  ExecutionTotals totals;
  totals.outcomes[result.outcome.index()] = 1;
  totals.queued_ns = nanoseconds(result.queued);
  totals.instantiate_ns = nanoseconds(result.instantiate);
  totals.run_ns = nanoseconds(result.run);
  totals.memory_peak = result.memory_bytes;
  return totals;
}

}  // namespace

std::uint64_t ExecutionTotals::executions() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0});
}

ExecutionTotals& ExecutionTotals::operator+=(const ExecutionTotals& other) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
  queued_ns += other.queued_ns;
  instantiate_ns += other.instantiate_ns;
  run_ns += other.run_ns;
  memory_peak = std::max(memory_peak, other.memory_peak);
  return *this;
}

ExecutionTotals& ExecutionTotals::operator-=(const ExecutionTotals& other) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] -= other.outcomes[i];
  queued_ns -= other.queued_ns;
  instantiate_ns -= other.instantiate_ns;
  run_ns -= other.run_ns;
  return *this;
}

void ExecutionCells::add(std::string_view module, const ExecutionResult& result) {
  const ExecutionTotals one = totals_of(result);
  const std::lock_guard lock(mutex_);
  all_ += one;
  run_.add(result.run);
  if (ExecutionTotals* const found = modules_.find(module)) {
    *found += one;
    return;
  }
  modules_.insert(std::string(module), one);
  if (modules_.size() > kMaxModules) modules_.pop_oldest();
}

void ExecutionCells::add_to(Totals& totals) const {
  const std::lock_guard lock(mutex_);
  totals.all += all_;
  totals.run += run_.read();
  for (const auto& [module, counted] : modules_) totals.modules[module] += counted;
}

}  // namespace wasm_server
