#pragma once

#include <chrono>
#include <cstdint>

#include "engine/runnable/runnable.h"

namespace wasm_server {

// How a call used its slices: it ended in its first one (or slept), used it up, or held its thread
// for much longer (worker/slice_watch.h).
enum class SliceUse : std::uint8_t { kShort, kLong, kHeld };

// What counts as the first slice in the background, where slices are shorter: CPU time since the
// call began there, or last waited for its sink.
inline constexpr std::chrono::milliseconds kFirstSliceInBackground{2};

// Of a slice that ended so; `held`: see SliceWatch::ThreadSlot::end().
inline SliceUse slice_use_of(Runnable::Progress progress, bool held) {
  if (held) return SliceUse::kHeld;
  return progress == Runnable::Progress::kSliceUsed ? SliceUse::kLong : SliceUse::kShort;
}

}  // namespace wasm_server
