#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "backup/backup_reader.h"
#include "store/kv.h"
#include "store/store_check.h"

namespace wasm_server {

// Whether what a backup holds fits together: each record is of its form, each code is there, and
// counts as many revisions as have it. Memory: some hundred bytes for each code.
class BackupAudit final : public BackupVisitor {
 public:
  Result<void> record(std::string_view table, std::string_view key,
                      std::string_view value) override;
  Result<void> code(const CodePiece& piece) override;
  Result<void> lost(const LostRecord& lost) override;

  // After the end.
  StoreReport report() &&;

 private:
  void say(std::string line) { report_.damage.push_back(std::move(line)); }
  void count(Table table, std::string_view key, std::string_view value);
  void take_code(const Digest& digest, std::uint64_t count);

  StoreReport report_;
  std::map<Digest, std::uint64_t> held_;  // by revisions whose reference did not come yet
  std::set<Digest> in_table_;             // codes that kCode must have
  bool incomplete_ = false;               // some revisions are lost: counts say nothing
};

// The table of that name on disk, if a backup has such ones.
std::optional<Table> backed_up_table(std::string_view name);

// Why a backup's records cannot be taken: they are of a program to come.
std::unexpected<Error> unknown_table(std::string_view name);

}  // namespace wasm_server
