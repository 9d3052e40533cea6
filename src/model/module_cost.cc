#include "model/module_cost.h"

#include <algorithm>

namespace wasm_server {

std::chrono::microseconds expected_compile_time(const ModuleCost& cost) {
  const auto times = [](std::uint64_t count, double microseconds) {
    return static_cast<double>(count) * microseconds;
  };
  const double microseconds = times(cost.functions, 30) + times(cost.types, 20) +
                              times(cost.operators, 2) + times(cost.code_bytes, 0.2) +
                              times(cost.locals, 0.06) + times(cost.values, 5) +
                              times(cost.loop_depths, 0.1) + times(cost.joins_squared, 0.0025);
  constexpr double kAnHour = 3.6e9;
  return std::chrono::microseconds(static_cast<std::int64_t>(std::min(microseconds, kAnHour)));
}

}  // namespace wasm_server
