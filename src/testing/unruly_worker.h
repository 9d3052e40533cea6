#pragma once

#include <string>
#include <string_view>

namespace wasm_server::testing_worker {

// What a test program does as a compile worker that was taken over: what the code of its first
// task says ("crash", "hang", "nonsense", ...; unruly_worker.cc).
inline constexpr std::string_view kUnrulyCommand = "unruly-worker";
int unruly_worker_main();

}  // namespace wasm_server::testing_worker
