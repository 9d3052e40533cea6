#pragma once

#include <cstdint>

#include "engine/invocation.h"

namespace wasm_server {

// How a call used its slices: it ended in its first one (or slept), used one up, or held its thread
// for much longer (worker/slice_watch.h).
enum class Pace : std::uint8_t { kShort, kLong, kHeld };

// Of a slice that ended so; `held`: see SliceWatch::Seat::end().
inline Pace pace_of(Invocation::Progress progress, bool held) {
  if (held) return Pace::kHeld;
  return progress == Invocation::Progress::kSliceUsed ? Pace::kLong : Pace::kShort;
}

}  // namespace wasm_server
