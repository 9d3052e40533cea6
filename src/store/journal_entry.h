#pragma once

// A batch of new modules and revisions as the payload of a journal entry: a list of
//   id text, digest 32 bytes, module record text, has code u8, then the code text when it has (1),
//   or its offset and size in the code file, varints (2)
// in the notation of store/record.h.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/operation.h"

namespace wasm_server {

// About what a module takes in a payload.
std::size_t journal_size(const Operation& module);

// Replaces `out`, whose capacity is kept.
void encode_batch(const std::vector<SharedOperation>& modules, std::string& out);

// kInternal for bytes that are no such list.
Result<std::vector<SharedOperation>> decode_batch(std::string_view payload);

}  // namespace wasm_server
