#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "store/kv.h"
#include "store/store_settings.h"

namespace wasm_server {

// The store in that directory: what was committed before, however that process ended. Makes what is
// not there, when nothing is. An error's message is one line for the operator.
Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& directory,
                                          const StoreSettings& settings);

// The same where the list of what the blob file holds is damaged, for what can be read yet. It
// takes no writes.
Result<std::unique_ptr<Store>> open_damaged_store(const std::filesystem::path& directory);

}  // namespace wasm_server
