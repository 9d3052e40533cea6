#pragma once

#include <cstdint>

#include "handlers/execute/execution_recorder.h"
#include "handlers/execute/output_stream.h"
#include "http/request.h"

namespace wasm_server {

// Has the end of the guest that writes to `stream` recorded, also when the request is gone by then.
// `recorder` outlives it.
void record_end(OutputStream& stream, const ExecutionRecorder& recorder, const Request& request,
                std::uint64_t revision, CalledFunction function);

}  // namespace wasm_server
