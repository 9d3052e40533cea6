#include "store/module_repository.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "base/log.h"
#include "store/module_reads.h"
#include "store/page_builder.h"

namespace wasm_server {
namespace {

// Whether the cursor stands on a record, perhaps behind what cannot be read. `last` is the id
// before it, or empty.
Result<bool> skip_unreadable(Cursor& cursor, const std::string& last, PageBuilder& page) {
  if (cursor.valid()) return true;
  const auto status = cursor.status();
  if (status) return false;
  log_error(status.error().log);
  cursor.skip_damage();
  TRY(cursor.status());
  Unreadable gap;
  if (!last.empty()) gap.after = last;
  if (cursor.valid()) gap.before = cursor.key();
  page.say(std::move(gap));
  return cursor.valid();
}

}  // namespace

Result<std::optional<WasmMetaData>> ModuleRepository::find(std::string_view id) const {
  return read_module(store_, id);
}

Result<std::optional<WasmMetaData>> ModuleRepository::find_revision(std::string_view id,
                                                                    std::uint64_t revision) const {
  return read_revision(*store_.snapshot(), id, revision);
}

Result<ListPage> ModuleRepository::list(const ListQuery& query, const ListScan& scan) const {
  PageBuilder page{query};
  std::size_t scanned = 0;
  std::string last = query.after;
  const auto cursor = store_.scan(Table::kModules, page.first_key());
  while (true) {
    TRY_ASSIGN(const bool there, skip_unreadable(*cursor, last, page));
    if (!there || !page.in_range(cursor->key())) break;
    const std::size_t size = cursor->value().size();
    if (scanned + size > scan.bytes && (scanned > 0 || !scan.at_least_one)) {
      page.pause(std::move(last));
      break;
    }
    scanned += size;
    last = cursor->key();
    auto meta_data = decode_record(cursor->key(), cursor->value());
    if (!meta_data) {
      log_error("store: " + meta_data.error().log);
      page.say({.id = last});
    } else if (!page.offer(*std::move(meta_data), size)) {
      break;
    }
    cursor->next();
  }
  return page.take();
}

Result<bool> ModuleRepository::has_code(const Digest& digest) const {
  std::string record;
  return store_.get(Table::kReferences, digest_key(digest), record);
}

Result<std::optional<Bytes>> ModuleRepository::read_code(const Digest& digest) const {
  Bytes code;
  TRY_ASSIGN(const bool there,
             read_code_slice(digest, 0, std::numeric_limits<std::size_t>::max(), code));
  if (!there) return std::nullopt;
  return std::optional{std::move(code)};
}

// While blobs are held, one that is found stays where it is.
Result<bool> ModuleRepository::read_code_slice(const Digest& digest, std::uint64_t offset,
                                               std::size_t length, Bytes& out) const {
  const auto held = store_.blobs().hold();
  std::string record;
  TRY_ASSIGN(const auto reference, read_reference(store_, digest, record));
  if (!reference) return false;
  auto copied = copy_code(digest, *reference, offset, length, out);
  if (copied) return true;
  if (copied.error().code == ErrorCode::kNotFound) return false;
  store_.code_health().found_damaged(digest);
  copied.error().log = "code " + to_hex(digest) + ": " + copied.error().log;
  return std::unexpected{std::move(copied).error()};
}

// kNotFound when it was erased after the reference was read.
Result<void> ModuleRepository::copy_code(const Digest& digest, const CodeReference& reference,
                                         std::uint64_t offset, std::size_t length,
                                         Bytes& out) const {
  if (reference.blob) return store_.blobs().read(*reference.blob, offset, length, out);
  if (reference.code) {
    out = reference.code->substr(std::min<std::uint64_t>(offset, reference.size), length);
    return {};
  }
  TRY_ASSIGN(const bool there, store_.get(Table::kCode, digest_key(digest), out));
  if (!there) return fail(ErrorCode::kNotFound, "no such code");
  if (offset == 0 && length >= out.size()) return {};
  out = out.substr(std::min<std::uint64_t>(offset, out.size()), length);
  return {};
}

}  // namespace wasm_server
