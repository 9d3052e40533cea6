#pragma once

#include "metrics/exposition.h"

namespace wasm_server {

// What the system says of this process, under the names that all Prometheus clients use
// (process_cpu_seconds_total, process_resident_memory_bytes, ...). What cannot be read is left out.
void append_process_stats(Exposition& page);

}  // namespace wasm_server
