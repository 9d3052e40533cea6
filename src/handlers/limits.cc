#include "handlers/limits.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace wasm_server {
namespace {

// One limit in its three places.
struct Row {
  const char* name;
  std::optional<std::uint64_t> ModuleLimits::* asked;
  std::uint64_t LimitValues::* value;
  bool zero_is_no_cap;
};

constexpr Row kRows[] = {
    {"timeout_ms", &ModuleLimits::timeout_ms, &LimitValues::timeout_ms, false},
    {"memory_bytes", &ModuleLimits::memory_bytes, &LimitValues::memory_bytes, false},
    {"output_bytes", &ModuleLimits::output_bytes, &LimitValues::output_bytes, false},
    {"max_concurrency", &ModuleLimits::max_concurrency, &LimitValues::max_concurrency, true},
    {"max_queue", &ModuleLimits::max_queue, &LimitValues::max_queue, true},
};

std::uint64_t capped(std::uint64_t value, std::uint64_t maximum, bool zero_is_no_cap) {
  if (!zero_is_no_cap) return std::min(value, maximum);
  if (maximum == 0) return value;
  return value == 0 ? maximum : std::min(value, maximum);
}

}  // namespace

Result<void> check_limits(const ModuleLimits& asked, const LimitsConfig& config) {
  if (asked.timeout_ms == 0) {
    return fail(ErrorCode::kBadRequest, "limits.timeout_ms must be at least 1");
  }
  for (const Row& row : kRows) {
    const std::optional<std::uint64_t>& value = asked.*row.asked;
    const std::uint64_t maximum = config.maxima.*row.value;
    if (!value || *value <= maximum || (row.zero_is_no_cap && maximum == 0)) continue;
    return fail(ErrorCode::kBadRequest, "limits." + std::string(row.name) + " is " +
                                            std::to_string(*value) + ", but at most " +
                                            std::to_string(maximum) + " is allowed");
  }
  return {};
}

LimitValues effective_limits(const ModuleLimits& asked, const LimitsConfig& config) {
  LimitValues values;
  for (const Row& row : kRows) {
    const std::uint64_t wanted = (asked.*row.asked).value_or(config.defaults.*row.value);
    values.*row.value = capped(wanted, config.maxima.*row.value, row.zero_is_no_cap);
  }
  return values;
}

std::chrono::milliseconds effective_timeout(const ModuleLimits& asked,
                                            std::optional<std::uint64_t> call_timeout_ms,
                                            const LimitsConfig& config) {
  const std::uint64_t own = effective_limits(asked, config).timeout_ms;
  return std::chrono::milliseconds{std::min(call_timeout_ms.value_or(own), own)};
}

CallLimits effective_call_limits(const ModuleLimits& asked, const LimitsConfig& config) {
  const LimitValues values = effective_limits(asked, config);
  CallLimits limits;
  limits.timeout = std::chrono::milliseconds{values.timeout_ms};
  limits.memory_bytes = values.memory_bytes;
  limits.output_bytes = values.output_bytes;
  return limits;
}

}  // namespace wasm_server
