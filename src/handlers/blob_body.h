#pragma once

// A stored module's code on its way out, in slices: a slow client holds neither the whole code in
// memory nor a read transaction open. If the module is deleted meanwhile, the connection is cut.

#include <cstdint>
#include <memory>

#include "base/digest.h"
#include "handlers/answer_memory.h"
#include "handlers/wasm_json.h"
#include "http/reply.h"
#include "store/store.h"

namespace wasm_server {

// What is at most this large is answered from memory, in one write.
inline constexpr std::uint64_t kLargeBody = 64U << 10;

// The bytes as they are. `store` must outlive it.
std::unique_ptr<BodySource> make_raw_body(Store& store, const Digest& digest, std::uint64_t size);

// The bytes as base64, between the frame's two parts. `share` is kept as long as they are.
std::unique_ptr<BodySource> make_json_body(Store& store, const Digest& digest, std::uint64_t size,
                                           StorageFrame frame, AnswerMemory::Share share);

// Length of `size` bytes as base64.
constexpr std::uint64_t base64_length(std::uint64_t size) { return (size + 2) / 3 * 4; }

}  // namespace wasm_server
