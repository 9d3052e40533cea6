#pragma once

// What a module may take: the operator's defaults and maxima (flags), and what the module asked
// for.

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "engine/call.h"
#include "store/wasm_storage.h"

namespace wasm_server {

struct LimitValues {
  std::uint64_t timeout_ms = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t max_concurrency = 0;  // 0: no cap
  std::uint64_t max_queue = 0;        // 0: no cap
};

struct LimitsConfig {
  LimitValues defaults{.timeout_ms = 10'000,
                       .memory_bytes = 256ULL << 20,
                       .output_bytes = 8ULL << 20,
                       .max_concurrency = 0,
                       .max_queue = 0};
  LimitValues maxima{.timeout_ms = 300'000,
                     .memory_bytes = 4ULL << 30,
                     .output_bytes = 64ULL << 20,
                     .max_concurrency = 0,
                     .max_queue = 0};
};

// kBadRequest, naming the field, when a module asks for more than the operator's maximum or for no
// time at all.
Result<void> check_limits(const ModuleLimits& asked, const LimitsConfig& config);

// What the module gets. Never beyond the maxima, even when these were lowered after the module was
// stored.
LimitValues effective_limits(const ModuleLimits& asked, const LimitsConfig& config);

// The deadline of a call: the module's, shortened to what the call asked for.
std::chrono::milliseconds effective_timeout(const ModuleLimits& asked,
                                            std::optional<std::uint64_t> call_timeout_ms,
                                            const LimitsConfig& config);

CallLimits effective_call_limits(const ModuleLimits& asked, const LimitsConfig& config);

}  // namespace wasm_server
