#pragma once

// What several handlers of /wasm answer alike.

#include <string>
#include <string_view>

#include "handlers/deps.h"
#include "handlers/wasm_json.h"
#include "http/reply.h"
#include "store/wasm_storage.h"

namespace wasm_server {

JsonContext json_context(const HandlerDeps& deps, const WasmMetaData& meta_data);

// The resource without `wasm`, and its ETag.
Reply resource_reply(const HandlerDeps& deps, unsigned status, const WasmMetaData& meta_data);

Error no_such_module(std::string_view id);

}  // namespace wasm_server
