#pragma once

#include <string>

#include "backup/backup_reader.h"
#include "cli/failure.h"

namespace wasm_server {

// Gives `reader` all of the file, or of standard input when it is called "-". cli::kLocalTrouble
// when it cannot be read; cli::kDamaged when it is not a whole backup, or the reader's visitor
// refuses it. The failure names the file.
cli::Outcome<void> read_backup(const std::string& file, BackupReader& reader);

}  // namespace wasm_server
