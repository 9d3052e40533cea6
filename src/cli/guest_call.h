#pragma once

// One execution, as `run` makes it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/api/api_client.h"
#include "cli/terminal.h"
#include "cli/text/json_view.h"

namespace wasm_server::cli {

struct GuestCall {
  std::string function;  // empty: what the module runs
  std::optional<std::uint64_t> revision;
  std::optional<std::chrono::milliseconds> timeout;
  StringPairs env;
  std::vector<std::string> words;  // the arguments
  bool json = false;               // print the server's answer as it is
};

// Calls a function with arguments of its own types, and prints its results; or runs a command,
// whose standard input is this process's unless that is a terminal, and whose output is written as
// it comes. The exit code for the process: a command's own, at most 255.
Outcome<int> call_guest(ApiClient& api, const Terminal& terminal, const ModuleView& module,
                        const GuestCall& call);

// The same execution as one request that can be sent any number of times, from several threads at
// once. A command gets no standard input, and its output is dropped; its exit code is in the
// answer's `wasm-exit-code`. `body` keeps the request's body, and must outlive it.
Outcome<HttpRequest> repeatable_request(const ModuleView& module, const GuestCall& call,
                                        std::string& body);

}  // namespace wasm_server::cli
