#pragma once

#include "handlers/deps.h"
#include "http/reply.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// The resource without `wasm`, and its ETag.
Reply resource_reply(const HandlerDeps& deps, unsigned status, const WasmMetaData& meta_data);

}  // namespace wasm_server
