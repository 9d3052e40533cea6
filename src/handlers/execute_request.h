#pragma once

// What a client asks of `POST /wasm/{id}` (contract, section 4), whatever the body type it came in.
// Which module, and what its signature makes of the arguments, is not known here (engine/values.h).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "engine/call.h"
#include "http/request.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// A request may have this many arguments, and as many environment variables: what is held stays in
// proportion.
inline constexpr std::size_t kMaxExecuteItems = 16'384;

struct ExecuteRequest {
  std::optional<std::string> function;
  Arguments arguments;         // by position, and none, when there are none
  bool has_arguments = false;  // whether the client gave any list of them, be it empty
  StringMap env;               // names are not empty and free of '=', neither part has a NUL
  Bytes stdin_bytes;
  bool json = false;  // the body was application/json; otherwise it is stdin_bytes
};

// JSON above this takes longer to parse than an event loop may be held: at some 600 MB a second,
// half a millisecond.
inline constexpr std::size_t kInlineJsonBytes = 256U << 10;
bool has_long_json(const Request& request);

// Takes the body of `request` where it is the guest's standard input. kBadRequest names the field,
// or the byte at which the JSON is malformed. Query parameters (`function`, `arg`, `env`) stand
// behind the body's own fields: `arg` counts when the body has no `args`, a variable of the body
// replaces one of the query.
Result<ExecuteRequest> parse_execute_request(Request& request);

// The same in two steps, for long JSON. The first is safe from any thread.
Result<ExecuteRequest> parse_execute_json(std::string_view body);
Result<void> add_execute_query(const Request& request, ExecuteRequest& execute);

// The arguments as those of a command: strings, and numbers as they were written. kBadRequest when
// one is neither or has a NUL, or when they were given by name.
Result<std::vector<std::string>> to_command_args(Arguments arguments);

}  // namespace wasm_server
