#pragma once

#include <string>

#include "base/log.h"

namespace wasm_server {

// Sends the log of the whole process to standard error, from `level` on (debug, info, warning,
// error, off), by a thread of its own: who logs never waits. What nobody reads in time is counted,
// and said in a line once there is room. A process that dies of an exception still writes its last
// lines. In JSON each line is an object: {"time", "level", "message"}, or an event's members
// instead of a message.
void set_up_logging(const std::string& level, LogFormat format = LogFormat::kText);

// From now on. Safe from any thread.
void set_log_level(const std::string& level);

// Waits until all lines are written, at most a second: before the process ends.
void flush_log();

}  // namespace wasm_server
