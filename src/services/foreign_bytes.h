#pragma once

// Bytes that are no module, for an error that helps: people upload what their tools left, packed,
// as text, or of another machine.

#include <string>

#include "base/bytes.h"

namespace wasm_server {

// Whether they begin as every module in the binary format does.
bool begins_as_module(ByteView bytes);

// What they are instead of a core module, and what to do, as the end of a sentence: "gzip data:
// ...". Empty when nothing is known of them, or when they begin as one.
std::string describe_foreign_bytes(ByteView bytes);

}  // namespace wasm_server
