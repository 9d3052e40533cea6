#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/execution_entry.h"
#include "services/execution_log.h"

namespace wasm_server {

// Appends `"number":1,"ended_at":...`, the members of an entry's object, on one line whatever the
// guest wrote.
void append_members(std::string& out, const ExecutionEntry& entry);

// An object on a line of its own, with its end, that also says whose entry it is; and back. Empty
// when it is no such line.
std::string execution_line(std::string_view module, const ExecutionEntry& entry);
std::optional<ExecutionLog::Recorded> parse_execution_line(std::string_view line);

}  // namespace wasm_server
