#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backup/backup_reader.h"
#include "store/batch.h"
#include "store/kv.h"

namespace wasm_server {

// Writes what a backup holds into a new store, in batches of some MB. A store that was not finished
// has a part of it. Belongs to the thread that writes.
class RestoreWriter final : public BackupVisitor {
 public:
  // `store` must outlive it, and be empty.
  explicit RestoreWriter(Store& store) : store_(store) {}

  // kBadRequest for what no backup of ours has.
  Result<void> record(std::string_view table, std::string_view key,
                      std::string_view value) override;
  Result<void> code(const CodePiece& piece) override;
  Result<void> lost(const LostRecord& lost) override;

  // Everything is committed when it returns success.
  Result<void> finish() { return commit(); }

  // A line each: what the backup has not.
  const std::vector<std::string>& lost_lines() const { return lost_; }

 private:
  Result<Batch*> batch();
  Result<void> commit();
  Result<void> added(std::size_t bytes);

  Store& store_;
  std::unique_ptr<Batch> batch_;
  std::size_t batch_bytes_ = 0;
  std::string code_;  // as far as it came
  std::vector<std::string> lost_;
};

}  // namespace wasm_server
