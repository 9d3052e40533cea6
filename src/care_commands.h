#pragma once

#include <memory>

#include "base/result.h"
#include "cli/command.h"

namespace wasm_server {

// Those for the care of data directories and backups of this machine. They exit with
// cli::kDamaged when something is damaged, or cannot be opened.
std::unique_ptr<cli::Command> restore_command();
std::unique_ptr<cli::Command> check_command();
std::unique_ptr<cli::Command> compact_command();

// What an error of the store or of a backup means to who called one of them: all that is known of
// it, since there is no log to look at.
cli::Failure care_failure(const Error& error);

}  // namespace wasm_server
