#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "handlers/deps.h"
#include "http/reply.h"
#include "model/execution_entry.h"

namespace wasm_server {

// ExecutionLog::read() without what a module that had the id before left.
std::vector<ExecutionEntry> read_log(const ExecutionLog& log, const WasmMetaData& module,
                                     std::optional<std::uint64_t> after, std::size_t limit);

// Those of one worker who follow a log. Used on its loop.
struct Followers {
  std::size_t count = 0;
};

// The module's log as server-sent events: what is there, as read_log() has it, and then what
// follows as it comes. kOverloaded when too many follow one. Both outlive the answer.
Result<Reply> followed_log(const HandlerDeps& deps, Followers& followers, WasmMetaData module,
                           std::optional<std::uint64_t> after, std::size_t limit);

}  // namespace wasm_server
