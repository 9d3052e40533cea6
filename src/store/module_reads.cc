#include "store/module_reads.h"

#include <utility>

namespace wasm_server {
namespace {

Result<std::optional<WasmMetaData>> decoded(std::string_view id, std::string_view record) {
  TRY_ASSIGN(WasmMetaData meta_data, decode_record(id, record));
  return std::optional{std::move(meta_data)};
}

}  // namespace

Result<std::optional<WasmMetaData>> read_module(const Reader& from, std::string_view id) {
  std::string record;
  TRY_ASSIGN(const bool there, from.get(Table::kModules, id, record));
  if (!there) return std::nullopt;
  return decoded(id, record);
}

Result<std::optional<RecordHead>> read_module_head(const Reader& from, std::string_view id) {
  std::string record;
  TRY_ASSIGN(const bool there, from.get(Table::kModules, id, record));
  if (!there) return std::nullopt;
  TRY_ASSIGN(const RecordHead head, decode_record_head(id, record));
  return std::optional{head};
}

Result<std::optional<WasmMetaData>> read_revision(const Reader& from, std::string_view id,
                                                  std::uint64_t revision) {
  std::string record;
  TRY_ASSIGN(const bool there, from.get(Table::kModules, id, record));
  if (!there) return std::nullopt;
  TRY_ASSIGN(const RecordHead current, decode_record_head(id, record));
  if (current.revision == revision) return decoded(id, record);
  TRY_ASSIGN(const bool older, from.get(Table::kRevisions, revision_key(id, revision), record));
  if (!older) return std::nullopt;
  return decoded(id, record);
}

Result<std::optional<CodeReference>> read_reference(const Reader& from, const Digest& digest,
                                                    std::string& record) {
  TRY_ASSIGN(const bool there, from.get(Table::kReferences, digest_key(digest), record));
  if (!there) return std::nullopt;
  TRY_ASSIGN(CodeReference reference, decode_reference(digest, record));
  return std::optional{std::move(reference)};
}

}  // namespace wasm_server
