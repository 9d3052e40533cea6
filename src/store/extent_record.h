#pragma once

// What lies in the blob file, as the database lists it, so that a start knows what is free:
//
//   key    offset u64, big-endian, so that extents come in their order
//   value  version u8 = 1, size u64

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/blobs/blob_store.h"

namespace wasm_server {

std::string extent_key(const Extent& extent);
std::string encode_extent(const Extent& extent);
Result<Extent> decode_extent(std::string_view key, std::string_view value);

}  // namespace wasm_server
