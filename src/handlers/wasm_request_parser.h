#pragma once

// Bodies -> WasmRequest, whatever the body type (contract, section 3).

#include <cstddef>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "engine/engine.h"
#include "http/request.h"
#include "jobs/wasm_job.h"
#include "jobs/wasm_request.h"

namespace wasm_server {

// WebAssembly text may be this long: compiling it takes up to 75 times its size in memory, which
// ends the process when there is not as much. Longer is kPayloadTooLarge.
inline constexpr std::size_t kMaxTextBytes = 8U << 20;

// What a writing request brings, apart from the session: large bodies are parsed on another thread.
struct WriteInput {
  JobType job_type = JobType::SAVE;  // SAVE (POST /wasm) or MODIFY (PUT /wasm/{id})
  std::string path_id;               // of MODIFY
  Bytes body;
  std::string content_type;
  std::string content_encoding;
  std::optional<std::string> query_id;
  std::optional<std::string> query_function;
};

// Takes the body out of `request`.
WriteInput take_write_input(Request& request, JobType job_type);

// The request, complete and within bounds (wasm_request_bounds.h); its `wasm` is not validated yet.
// For MODIFY, `id` is the path's. kUnsupportedMediaType names the types that are taken;
// kPayloadTooLarge and kInvalidModule are WebAssembly text that is too long, or does not compile;
// all else is kBadRequest. Safe from any thread.
Result<WasmRequest> parse_wasm_request(WriteInput input, const Engine& engine);

}  // namespace wasm_server
