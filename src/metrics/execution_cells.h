#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/lru_cache.h"
#include "metrics/cells.h"
#include "model/outcome.h"

namespace wasm_server {

// How executions end, by the alternatives of Outcome.
inline constexpr std::array<const char*, std::variant_size_v<Outcome>> kOutcomeNames{
    "returned", "trapped", "exited", "answered", "deadline_exceeded", "cancelled", "refused"};

struct ExecutionTotals {
  std::array<std::uint64_t, kOutcomeNames.size()> outcomes{};
  std::uint64_t queued_ns = 0;
  std::uint64_t instantiate_ns = 0;
  std::uint64_t run_ns = 0;
  std::uint64_t memory_peak = 0;  // bytes, of the one that had the most

  std::uint64_t executions() const;
  ExecutionTotals& operator+=(const ExecutionTotals& other);
  // But for the peak, which stays.
  ExecutionTotals& operator-=(const ExecutionTotals& other);
};

// The executions that ended on one worker's loop. Of modules by themselves it keeps those that were
// executed last; the sums are of all. Written on that loop, read by any thread.
class ExecutionCells {
 public:
  void add(std::string_view module, const ExecutionResult& result);

  struct Totals {
    ExecutionTotals all;
    Durations run;
    std::map<std::string, ExecutionTotals, std::less<>> modules;
  };
  // Adds this worker's to them. Safe from any thread.
  void add_to(Totals& totals) const;

 private:
  mutable std::mutex mutex_;  // nearly always free: it is for the scrape
  ExecutionTotals all_;       // this and below: guarded by mutex_
  DurationHistogram run_;
  LruCache<std::string, ExecutionTotals, TextHash> modules_;
};

}  // namespace wasm_server
