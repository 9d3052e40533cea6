#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "metrics/execution_cells.h"

namespace wasm_server {

// Which modules have series of their own: those with the most executions when there was room, and
// then as long as they are executed. What all others did is one sum. No series ever goes down, as
// scrapers expect of counters: what of a module was told in the sum of the others stays there when
// it gets its own series. For one thread at a time.
class TopModules {
 public:
  static constexpr std::size_t kMaxModules = 100;

  using ByModule = std::map<std::string, ExecutionTotals, std::less<>>;
  struct Split {
    ByModule modules;
    ExecutionTotals others;
  };
  // Of what has been counted so far; to be asked again and again.
  Split split(const ExecutionCells::Totals& totals);

 private:
  struct Series {
    ExecutionTotals before;  // told with the others
    ExecutionTotals own;
  };

  void end_series(const ByModule& counted);
  void begin_series(const ByModule& counted);

  std::map<std::string, Series, std::less<>> series_;
  ByModule last_;          // what was counted at the last look
  ExecutionTotals ended_;  // of the series that are no more
};

}  // namespace wasm_server
