#pragma once

// WasmStorage and WasmMetaData as JSON text, field by field as the contract's section 1 shows them.
// `status` is what the JSON says beyond what is stored.

#include <string>

#include "model/wasm_storage.h"
#include "services/modules.h"

namespace wasm_server {

// Appends {"run_function":...}.
void append_meta_data(std::string& out, const WasmMetaData& meta_data, const ModuleStatus& status);

// Appends the resource without `wasm`: {"id":...,"meta_data":{...}}.
void append_resource(std::string& out, const WasmMetaData& meta_data, const ModuleStatus& status);

// The resource with `wasm`, in two: what stands before the base64 and what stands after it.
struct StorageFrame {
  std::string head;
  std::string tail;
};

StorageFrame storage_frame(const WasmMetaData& meta_data, const ModuleStatus& status);

}  // namespace wasm_server
