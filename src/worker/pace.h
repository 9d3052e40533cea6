#pragma once

#include <chrono>
#include <cstdint>

#include "engine/invocation.h"

namespace wasm_server {

// How a call used its slices: it ended in its first one (or slept), used it up, or held its thread
// for much longer (worker/slice_watch.h).
enum class Pace : std::uint8_t { kShort, kLong, kHeld };

// What counts as the first slice in the background, where slices are shorter: CPU time since the
// call began there, or last waited for its sink.
inline constexpr std::chrono::milliseconds kFirstSliceInBackground{2};

// Of a slice that ended so; `held`: see SliceWatch::Seat::end().
inline Pace pace_of(Invocation::Progress progress, bool held) {
  if (held) return Pace::kHeld;
  return progress == Invocation::Progress::kSliceUsed ? Pace::kLong : Pace::kShort;
}

}  // namespace wasm_server
