#include "handlers/execute/record_end.h"

#include <string>
#include <utility>

namespace wasm_server {

void record_end(OutputStream& stream, const ExecutionRecorder& recorder, const Request& request,
                std::uint64_t revision, CalledFunction function) {
  stream.on_end([&recorder, id = std::string(request.id), revision, function = std::move(function),
                 request_id = std::string(request.request_id),
                 trace = request.trace](const ExecutionResult& result) {
    recorder.record({id, revision, name_of(function), request_id, trace}, result);
  });
}

}  // namespace wasm_server
