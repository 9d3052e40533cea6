#pragma once

#include "engine/module_cache.h"
#include "handlers/deps.h"
#include "http/router.h"
#include "worker/worker.h"

namespace wasm_server {

// All that the server answers, for the sessions of one worker. What it is given must outlive the
// router.
Router make_router(const HandlerDeps& deps, ModuleCache& modules, Worker& worker);

}  // namespace wasm_server
