#pragma once

// What a client asks of `POST /wasm/{id}` (contract, section 4), whatever the body type it came in.

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "http/request.h"
#include "model/execute_request.h"

namespace wasm_server {

// JSON above this takes longer to parse than an event loop may be held: at some 600 MB a second,
// half a millisecond.
inline constexpr std::size_t kInlineJsonBytes = 256U << 10;

// Whether the body is JSON and not the guest's standard input: it says so or, where the guest can
// have none, it does not say otherwise (no type, or curl's default).
bool has_json(const Request& request, const WasmMetaData& module);
bool is_long_json(const Request& request, bool is_json);

// `is_json`: as has_json() says. Takes the body of `request` where it is the guest's standard
// input; of a JSON body the arguments are views into it. kBadRequest names the field, or the byte
// at which the JSON is malformed. Query parameters (`function`, `arg`, `env`) stand behind the
// body's own fields: `arg` counts when the body has no `args`, a variable of the body replaces one
// of the query.
Result<ExecuteRequest> parse_execute_request(Request& request, bool is_json);

// The same in two steps, for long JSON. The first is safe from any thread; its result keeps `body`.
Result<ExecuteRequest> parse_execute_json(SharedBytes body);
Result<void> add_execute_query(const Request& request, ExecuteRequest& execute);

}  // namespace wasm_server
