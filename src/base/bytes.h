#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace wasm_server {

// Bytes are held in std::string: it grows without zeroing (resize_and_overwrite) and moves without
// copying.
using Bytes = std::string;
using ByteView = std::string_view;

// A module's code on its way from the request to the database: shared, never changed, never copied.
using SharedBytes = std::shared_ptr<const Bytes>;

}  // namespace wasm_server
