#pragma once

// Records of modules from whatever can be read from; the repository and the batch share them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "model/wasm_storage.h"
#include "store/kv.h"
#include "store/module_record.h"

namespace wasm_server {

Result<std::optional<WasmMetaData>> read_module(const Reader& from, std::string_view id);

// Of the current revision, without the rest of its record.
Result<std::optional<RecordHead>> read_module_head(const Reader& from, std::string_view id);

// Two records are read: `from` must not change in between.
Result<std::optional<WasmMetaData>> read_revision(const Reader& from, std::string_view id,
                                                  std::uint64_t revision);

// `record` holds small code that the reference points to.
Result<std::optional<CodeReference>> read_reference(const Reader& from, const Digest& digest,
                                                    std::string& record);

}  // namespace wasm_server
