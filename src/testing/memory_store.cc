#include "testing/memory_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "store/page_builder.h"
#include "store/record.h"

namespace wasm_server {

class MemoryStore::MemoryTransaction final : public Store::Transaction {
 public:
  explicit MemoryTransaction(MemoryStore& store) : store_(store), state_(store.snapshot()) {}

  Result<std::optional<WasmMetaData>> find(std::string_view id) override { return state_.find(id); }

  Result<std::optional<WasmMetaData>> find_revision(std::string_view id,
                                                    std::uint64_t revision) override {
    return state_.find_revision(id, revision);
  }

  Result<void> put(const WasmMetaData& meta_data, const SharedBytes& code) override {
    if (!code && !state_.blobs.contains(meta_data.digest)) {
      return fail(ErrorCode::kInternal, "the module's code is not there");
    }
    if (code) state_.blobs.try_emplace(meta_data.digest, code);
    state_.modules[meta_data.id][meta_data.revision] = meta_data;
    changed_ = true;
    return {};
  }

  Result<std::vector<Digest>> erase(std::string_view id) override {
    const auto module = state_.modules.find(id);
    if (module == state_.modules.end()) return fail(ErrorCode::kNotFound, "no such module");
    state_.modules.erase(module);
    changed_ = true;
    return state_.drop_unused_blobs();
  }

  Result<void> commit() override {
    if (!changed_) return {};
    const std::lock_guard lock{store_.mutex_};
    store_.state_ = std::move(state_);
    store_.sequence_.fetch_add(1, std::memory_order_acq_rel);
    return {};
  }

 private:
  MemoryStore& store_;
  State state_;
  bool changed_ = false;
};

std::optional<WasmMetaData> MemoryStore::State::find(std::string_view id) const {
  const auto module = modules.find(id);
  if (module == modules.end()) return std::nullopt;
  return module->second.rbegin()->second;
}

std::optional<WasmMetaData> MemoryStore::State::find_revision(std::string_view id,
                                                              std::uint64_t revision) const {
  const auto module = modules.find(id);
  if (module == modules.end()) return std::nullopt;
  const auto found = module->second.find(revision);
  if (found == module->second.end()) return std::nullopt;
  return found->second;
}

std::vector<Digest> MemoryStore::State::drop_unused_blobs() {
  std::set<Digest> used;
  for (const auto& [id, module] : modules) {
    for (const auto& [revision, meta_data] : module) used.insert(meta_data.digest);
  }
  std::vector<Digest> unused;
  for (const auto& [digest, code] : blobs) {
    if (!used.contains(digest)) unused.push_back(digest);
  }
  for (const auto& digest : unused) blobs.erase(digest);
  return unused;
}

MemoryStore::State MemoryStore::snapshot() const {
  const std::lock_guard lock{mutex_};
  return state_;
}

SharedBytes MemoryStore::blob(const Digest& digest) const {
  const std::lock_guard lock{mutex_};
  const auto found = state_.blobs.find(digest);
  return found == state_.blobs.end() ? nullptr : found->second;
}

Result<std::optional<WasmMetaData>> MemoryStore::find(std::string_view id) {
  return snapshot().find(id);
}

Result<std::optional<WasmMetaData>> MemoryStore::find_revision(std::string_view id,
                                                               std::uint64_t revision) {
  return snapshot().find_revision(id, revision);
}

Result<std::vector<WasmMetaData>> MemoryStore::revisions(std::string_view id) {
  std::vector<WasmMetaData> found;
  const State state = snapshot();
  const auto module = state.modules.find(id);
  if (module == state.modules.end()) return found;
  for (const auto& [number, meta_data] : module->second) found.push_back(meta_data);
  std::ranges::reverse(found);
  return found;
}

Result<ListPage> MemoryStore::list(const ListQuery& query) {
  const State state = snapshot();
  PageBuilder page{query};
  for (auto module = state.modules.lower_bound(page.first_key());
       module != state.modules.end() && page.in_range(module->first); ++module) {
    const WasmMetaData& meta_data = module->second.rbegin()->second;
    std::string record;
    encode_record(meta_data, record);
    if (!page.offer(meta_data, record.size())) break;
  }
  return page.take();
}

Result<bool> MemoryStore::has_blob(const Digest& digest) { return blob(digest) != nullptr; }

Result<std::optional<Bytes>> MemoryStore::read_blob(const Digest& digest, bool verify) {
  const SharedBytes code = blob(digest);
  if (!code) return std::nullopt;
  if (verify && sha256(*code) != digest)
    return fail(ErrorCode::kInternal, "the stored code is damaged");
  return std::optional<Bytes>{*code};
}

Result<bool> MemoryStore::read_blob_slice(const Digest& digest, std::uint64_t offset,
                                          std::size_t length, Bytes& out) {
  const SharedBytes code = blob(digest);
  if (!code) return false;
  out = code->substr(std::min<std::size_t>(offset, code->size()), length);
  return true;
}

Result<std::unique_ptr<Store::Transaction>> MemoryStore::begin() {
  return std::make_unique<MemoryTransaction>(*this);
}

}  // namespace wasm_server
