#pragma once

#include <memory>

#include "handlers/deps.h"
#include "http/reply.h"
#include "http/router.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// GET /wasm/{id}/revisions, newest first.
void register_revisions(Router& router, const HandlerDeps& deps);

// The answer to it, from `newest` down to the first revision. Each is read when the client has
// taken the ones before it: a module may have any number of them, each with all that its code
// exports. A piece ends with the first revision that makes it kRevisionsPiece or longer.
std::unique_ptr<BodySource> make_revisions_body(const HandlerDeps& deps, WasmMetaData newest);

inline constexpr std::size_t kRevisionsPiece = 64U << 10;

}  // namespace wasm_server
