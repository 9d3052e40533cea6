#pragma once

#include <cstddef>
#include <string>

#include "model/wasm_storage.h"

namespace wasm_server {

// OpenAPI 3.1 of one module, as JSON: each function that it exports is an operation with the JSON
// Schema of its arguments and results, or the command is one. All are POST /wasm/{id}; their paths
// differ in the fragment, which clients do not send: the body names the function.
std::string module_document(const WasmMetaData& meta_data);

// About how long that is.
std::size_t module_document_size(const ModuleInfo& info);

}  // namespace wasm_server
