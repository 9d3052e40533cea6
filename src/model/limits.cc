#include "model/limits.h"

#include <algorithm>
#include <string>

namespace wasm_server {
namespace {

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
  for (const LimitField& field : kLimitFields) {
    const std::optional<std::uint64_t>& value = asked.*field.asked;
    const std::uint64_t maximum = config.maxima.*field.value;
    if (!value || *value <= maximum || (field.zero_is_no_cap && maximum == 0)) continue;
    return fail(ErrorCode::kBadRequest, "limits." + std::string(field.name) + " is " +
                                            std::to_string(*value) + ", but at most " +
                                            std::to_string(maximum) + " is allowed");
  }
  return {};
}

LimitValues effective_limits(const ModuleLimits& asked, const LimitsConfig& config) {
  LimitValues values;
  for (const LimitField& field : kLimitFields) {
    const std::uint64_t wanted = (asked.*field.asked).value_or(config.defaults.*field.value);
    values.*field.value = capped(wanted, config.maxima.*field.value, field.zero_is_no_cap);
  }
  return values;
}

std::chrono::milliseconds effective_timeout(const ModuleLimits& asked,
                                            std::optional<std::uint64_t> call_timeout_ms,
                                            const LimitsConfig& config) {
  const std::uint64_t own = effective_limits(asked, config).timeout_ms;
  return std::chrono::milliseconds{std::min(call_timeout_ms.value_or(own), own)};
}

}  // namespace wasm_server
