#pragma once

#include "handlers/execute/execute_plan.h"
#include "handlers/execute/execution_recorder.h"
#include "http/router.h"
#include "worker/worker.h"

namespace wasm_server {

// A command whose standard output is the answer's body, sent as it is written (contract, section
// 4). An ordinary answer, with the exit code in its header, when the guest has ended before it had
// to wait for its output to be taken; else the code is a trailer. `plan.stream_type` is set. On the
// loop of `worker`, which must outlive the answer, as `recorder` must, which hears of its end.
Answer execute_streamed(Worker& worker, const ExecutionRecorder& recorder, Request& request,
                        ExecutePlan& plan);

}  // namespace wasm_server
