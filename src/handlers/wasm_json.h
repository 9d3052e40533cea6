#pragma once

// WasmStorage and WasmMetaData as JSON text, field by field as the contract's section 1 shows them.

#include <string>

#include "engine/compiler.h"
#include "handlers/limits.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// What the JSON says beyond what is stored.
struct JsonContext {
  LimitValues limits;
  CompileStatus compile;
};

// Appends {"run_function":...}.
void append_meta_data(std::string& out, const WasmMetaData& meta_data, const JsonContext& context);

// Appends the resource without `wasm`: {"id":...,"meta_data":{...}}.
void append_resource(std::string& out, const WasmMetaData& meta_data, const JsonContext& context);

// The resource with `wasm`, in two: what stands before the base64 and what stands after it.
struct StorageFrame {
  std::string head;
  std::string tail;
};

StorageFrame storage_frame(const WasmMetaData& meta_data, const JsonContext& context);

}  // namespace wasm_server
