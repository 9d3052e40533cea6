#pragma once

#include <string_view>

namespace wasm_server {

// The command that makes a process of this program a compile worker.
inline constexpr std::string_view kCompileWorkerCommand = "compile-worker";
// Its socket to the server (compile/worker/protocol.h).
inline constexpr int kWorkerSocket = 3;

// Compiles or inspects what comes, one after the other, until the server closes the socket; returns
// the exit status. The process is the server's child and has nothing but its standard streams and
// that socket.
int compile_worker_main();

}  // namespace wasm_server
