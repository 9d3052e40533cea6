#pragma once

#include <cstddef>
#include <cstdint>

namespace wasm_server {

// How the memory mappings that the kernel allows a process (vm.max_map_count, 65,530 unless the
// operator raised it) are divided: beyond them no instance can be made and no code be loaded.
struct MappingBudget {
  static constexpr std::uint32_t kSmallestPool = 8;
  // Few modules run baseline code at a time, and those not for long.
  static constexpr std::uint32_t kBaselineSlots = 256;

  std::uint32_t slots;     // of the engine's pool
  std::uint32_t baseline;  // of the baseline tier's
  std::size_t codes;       // compiled modules that may be held at once

  // With as many slots as wanted, if they fit.
  static MappingBudget of(std::uint64_t allowed, std::uint32_t wanted_slots);
  // What this system allows.
  static std::uint64_t allowed();
};

}  // namespace wasm_server
