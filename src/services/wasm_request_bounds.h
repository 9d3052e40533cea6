#pragma once

// How large the parts of a WasmRequest beside its code may be, so that what is stored about a
// module stays small, can be handed to a WASI guest as it is, and can be asked for in a query.

#include <cstddef>

#include "base/result.h"
#include "jobs/wasm_request.h"

namespace wasm_server {

inline constexpr std::size_t kMaxFunctionNameBytes = 4096;
inline constexpr std::size_t kMaxLabels = 64;
inline constexpr std::size_t kMaxLabelKeyBytes = 128;
inline constexpr std::size_t kMaxLabelValueBytes = 1024;
inline constexpr std::size_t kMaxEnv = 256;
inline constexpr std::size_t kMaxArgs = 1024;
inline constexpr std::size_t kMaxEnvBytes = 128U << 10;   // names and values together
inline constexpr std::size_t kMaxArgsBytes = 128U << 10;  // together
inline constexpr std::size_t kMaxParams = 1000;           // as the engines do
inline constexpr std::size_t kMaxParamNameBytes = 256;
inline constexpr std::size_t kMaxOutputTypes = 16;
inline constexpr std::size_t kMaxOutputTypeBytes = 127;
inline constexpr std::size_t kMaxEgress = 64;
inline constexpr std::size_t kMaxEgressBytes = 255;  // of one pattern

// kBadRequest names what is beyond its bound, and also: an id that is not one, an empty name, '='
// in the key of a label or of env, a NUL in env or args, two parameters of one name, an output type
// that is no media type (TYPE/SUBTYPE in lower case, without parameters), an entry of egress that
// names no hosts (engine/egress.h).
Result<void> check_bounds(const WasmRequest& request);

}  // namespace wasm_server
