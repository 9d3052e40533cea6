#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/cells.h"

namespace wasm_server {

// The statuses that this server answers with; any other is counted as 0.
inline constexpr std::array<unsigned, 27> kCountedStatuses{
    0,   100, 200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408,
    409, 412, 413, 415, 417, 422, 429, 431, 500, 501, 503, 504, 507};

// The requests that one worker has answered, by route and status. Written on the worker's loop.
class RequestCells {
 public:
  // Routes are numbers below `routes`.
  explicit RequestCells(std::size_t routes) : routes_(routes) {}

  void add(std::size_t route, unsigned status, std::chrono::nanoseconds time) {
    Route& cells = routes_[route];
    cells.counts[index_of(status)].add(1);
    cells.times.add(time);
  }

  struct RouteTotals {
    std::array<std::uint64_t, kCountedStatuses.size()> counts{};
    Durations times;
  };
  // Adds this worker's to them. Safe from any thread.
  void add_to(std::vector<RouteTotals>& totals) const {
    for (std::size_t route = 0; route < routes_.size(); ++route) {
      for (std::size_t i = 0; i < kCountedStatuses.size(); ++i)
        totals[route].counts[i] += routes_[route].counts[i].value();
      totals[route].times += routes_[route].times.read();
    }
  }

 private:
  struct Route {
    std::array<Count, kCountedStatuses.size()> counts;
    DurationHistogram times;
  };

  static std::size_t index_of(unsigned status) {
    for (std::size_t i = 0; i < kCountedStatuses.size(); ++i) {
      if (kCountedStatuses[i] == status) return i;
    }
    return 0;
  }

  std::vector<Route> routes_;
};

}  // namespace wasm_server
