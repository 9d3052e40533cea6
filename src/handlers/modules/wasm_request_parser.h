#pragma once

// A writing request -> WasmRequest, whatever its body type (contract, section 3).

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "http/request.h"
#include "jobs/wasm_request.h"
#include "services/helper_pool.h"

namespace wasm_server {

enum class BodyForm : std::uint8_t { kNone, kBinary, kText, kJson };

// By Content-Type; a body without one, or with one that says nothing of it (curl's default), is a
// module when it begins as one. kNone: a PUT whose query says it all. kUnsupportedMediaType names
// the types that are taken, and what the body seems to be.
Result<BodyForm> body_form(const Request& request);

// The fields that the body has. kBadRequest when it is JSON that the contract does not know. Safe
// from any thread.
Result<WasmRequest> parse_body(BodyForm form, Bytes body);

// Adds what stands beside the body: the query's fields, behind the body's own. For PUT, `id` is the
// path's, and kBadRequest when the body names another.
Result<void> add_query_and_path(const Request& request, WasmRequest& wasm_request);

// All of these, and the preconditions. Takes the body out of `request`; large JSON is parsed on a
// thread of `helpers`.
Task<Result<WasmRequest>> read_wasm_request(HelperPool& helpers, Request& request);

}  // namespace wasm_server
