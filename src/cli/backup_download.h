#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backup/backup_reader.h"
#include "cli/api/api_client.h"
#include "cli/failure.h"
#include "cli/progress.h"

namespace wasm_server::cli {

// Where a backup goes, in whole frames.
struct BackupSink {
  std::function<Outcome<void>(std::string_view)> write;
  // All that was written is not wanted after all; null where that cannot be.
  std::function<Outcome<void>()> begin_anew;
};

// Fetches a server's backup and verifies it on its way. Goes on where a connection broke off, for
// some minutes, as long as the server keeps the moment that the backup is of; else it begins anew.
class BackupDownload final : private BackupVisitor {
 public:
  BackupDownload(const Terminal& terminal, std::string name, BackupSink sink);

  // Takes what a former run wrote, before run(); false when it is not good for anything.
  bool take_former(std::string_view bytes);
  // What is good of that.
  std::uint64_t offset() const { return reader_->offset(); }

  // Until all of it is written. kUnreachable when the server stays away.
  Outcome<void> run(ApiClient& api);

  const BackupReader& backup() const { return *reader_; }
  // A line each: what the server could not read.
  const std::vector<std::string>& lost() const { return lost_; }

 private:
  Result<void> frame(std::string_view bytes) override;
  Result<void> lost(const LostRecord& lost) override;

  void reset();
  // Whether to try again; false at the end.
  Outcome<bool> attempt(ApiClient& api);
  Outcome<void> take(std::string_view bytes);
  Outcome<bool> refused(const HttpAnswer& answer, const ApiClient& api);
  Outcome<void> begin_anew();

  const Terminal& terminal_;
  const std::string name_;
  const BackupSink sink_;
  std::optional<BackupReader> reader_;
  std::optional<Progress> progress_;
  std::optional<Failure> own_failure_;  // why a transfer was ended here
  std::vector<std::string> lost_;
  bool writes_ = false;  // what comes is new to the sink
};

}  // namespace wasm_server::cli
