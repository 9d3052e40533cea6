#include "store/reference_count.h"

#include <string>
#include <string_view>

#include "store/module_record.h"

namespace wasm_server {
namespace {

std::string_view id_of(std::string_view key) { return key.substr(0, key.find('\0')); }

// Whether the batch leaves it there, with this code.
Result<bool> still_has(const Batch& batch, Table table, std::string_view key,
                       const Digest& digest) {
  std::string record;
  TRY_ASSIGN(const bool there, batch.get(table, key, record));
  if (!there) return false;
  TRY_ASSIGN(const RecordHead head, decode_record_head(id_of(key), record));
  return head.digest == digest;
}

}  // namespace

Result<std::uint64_t> count_references(const Batch& batch, const Digest& digest) {
  std::uint64_t count = 0;
  bool complete = true;
  for (const Table table : {Table::kModules, Table::kRevisions}) {
    const auto cursor = batch.stored().scan(table, {});
    for (; cursor->valid(); cursor->next()) {
      const auto head = decode_record_head(id_of(cursor->key()), cursor->value());
      complete = complete && head.has_value();
      if (!head || head->digest != digest) continue;
      TRY_ASSIGN(const bool has, still_has(batch, table, cursor->key(), digest));
      if (has) ++count;
    }
    complete = complete && cursor->status().has_value();
  }
  return complete ? count : count + kUnknownReferences;
}

}  // namespace wasm_server
