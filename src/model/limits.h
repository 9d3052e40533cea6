#pragma once

// What a module may take: the operator's defaults and maxima (flags), and what the module asked
// for.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace wasm_server {

// What a module asked for. What it did not ask for follows the operator's defaults, which may
// change between starts.
struct ModuleLimits {
  std::optional<std::uint64_t> timeout_ms;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> output_bytes;
  std::optional<std::uint64_t> max_concurrency;  // 0: no cap of its own
  std::optional<std::uint64_t> max_queue;        // 0: no cap of its own

  friend bool operator==(const ModuleLimits&, const ModuleLimits&) = default;
};

// What it gets.
struct LimitValues {
  std::uint64_t timeout_ms = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t max_concurrency = 0;  // 0: no cap
  std::uint64_t max_queue = 0;        // 0: no cap
};

// A limit in both of them: a new one needs its members, its row, and its place in records
// (store/record.cc).
struct LimitField {
  std::string_view name;  // in JSON
  std::optional<std::uint64_t> ModuleLimits::* asked;
  std::uint64_t LimitValues::* value;
  bool zero_is_no_cap;
};

inline constexpr LimitField kLimitFields[] = {
    {"timeout_ms", &ModuleLimits::timeout_ms, &LimitValues::timeout_ms, false},
    {"memory_bytes", &ModuleLimits::memory_bytes, &LimitValues::memory_bytes, false},
    {"output_bytes", &ModuleLimits::output_bytes, &LimitValues::output_bytes, false},
    {"max_concurrency", &ModuleLimits::max_concurrency, &LimitValues::max_concurrency, true},
    {"max_queue", &ModuleLimits::max_queue, &LimitValues::max_queue, true},
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
  // Of one module, the current one included: with a new one the oldest goes. 0: any number.
  std::uint64_t max_revisions = 100;
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

}  // namespace wasm_server
