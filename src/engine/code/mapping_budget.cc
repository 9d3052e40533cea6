#include "engine/code/mapping_budget.h"

#include <algorithm>
#include <fstream>

namespace wasm_server {

namespace {

// Seen in /proc/self/maps. A slot that was used keeps its mappings: stack and guard, the image of a
// memory, its rest, and its guard. Code mapped from an artefact: head, text, rest.
constexpr std::uint64_t kPerSlot = 5;
constexpr std::uint64_t kPerCode = 3;
// Libraries, threads, the database, the allocator, and code that only calls in flight still hold.
constexpr std::uint64_t kRest = 2'000;
constexpr std::uint64_t kFewestCodes = 64;
constexpr std::uint64_t kEnoughCodes = 1'000;  // before they take slots away

std::uint64_t less(std::uint64_t from, std::uint64_t amount) {
  return from - std::min(from, amount);
}

}  // namespace

MappingBudget MappingBudget::of(std::uint64_t allowed, std::uint32_t wanted_slots) {
  const auto for_slots = less(allowed, kRest + kEnoughCodes * kPerCode + kBaselineSlots * kPerSlot);
  const auto fit = std::max<std::uint64_t>(kSmallestPool, for_slots / kPerSlot);
  const auto slots = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted_slots, fit));
  const auto baseline = std::min(slots, kBaselineSlots);
  const auto left = less(allowed, kRest + (std::uint64_t{slots} + baseline) * kPerSlot);
  return {slots, baseline, std::max(kFewestCodes, left / kPerCode)};
}

std::uint64_t MappingBudget::allowed() {
  std::ifstream file("/proc/sys/vm/max_map_count");
  std::uint64_t count = 0;
  constexpr std::uint64_t kKernelsDefault = 65'530;
  return file >> count ? count : kKernelsDefault;
}

}  // namespace wasm_server
