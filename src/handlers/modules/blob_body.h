#pragma once

// A stored module's code on its way out, in slices (services/code_reader.h), which are read by the
// helpers. Up to CodeReader::kMaxVerified, damaged code is an error before the first byte; in
// larger code it is found on the way, and the connection cut there, as it is when the module is
// deleted meanwhile.

#include <cstdint>
#include <functional>
#include <memory>

#include "handlers/modules/answer_memory.h"
#include "handlers/modules/wasm_json.h"
#include "http/reply.h"
#include "services/code_reader.h"
#include "services/helper_pool.h"

namespace wasm_server {

// Code up to this size is read as a whole and answered in one write.
inline constexpr std::uint64_t kLargeBody = 64U << 10;

// The whole code, when it is to be sent at once; or null. Called once, by a helper.
using FindWhole = std::move_only_function<Result<SharedBytes>()>;

// The bytes as they are.
std::unique_ptr<BodySource> make_raw_body(HelperPool& helpers, CodeReader code,
                                          FindWhole find_whole = nullptr);

// The bytes as base64, between the frame's two parts, whose memory `share` counts.
std::unique_ptr<BodySource> make_json_body(HelperPool& helpers, CodeReader code, StorageFrame frame,
                                           MemoryShare share);

// Length of `size` bytes as base64.
constexpr std::uint64_t base64_length(std::uint64_t size) { return (size + 2) / 3 * 4; }

}  // namespace wasm_server
