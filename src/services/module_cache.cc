#include "services/module_cache.h"

#include <unordered_set>
#include <utility>

#include "engine/host_imports.h"
#include "services/await_compiled.h"

namespace wasm_server {

namespace {

// What an entry costs besides its code: metadata, the engine's records of the module, list and map
// nodes. 4.6 KB with `add`, and what its exports and imports take: of small code, these may be
// most.
constexpr std::size_t kEntryBytes = 4700;
constexpr std::size_t kFunctionBytes = 48;  // a node of FunctionIndex

std::size_t entry_bytes(const ModuleInfo& info) {
  return kEntryBytes + weight_of(info) + info.functions.size() * kFunctionBytes;
}

// No id holds it, so keys of different modules and revisions never meet.
constexpr char kRevisionMark = '@';

std::string key_of(std::string_view id, std::optional<std::uint64_t> revision) {
  std::string key(id);
  if (revision) key.append(1, kRevisionMark).append(std::to_string(*revision));
  return key;
}

bool is_reactor(const ModuleInfo& info) {
  const auto* initialize = info.find_function("_initialize");
  return info.kind == ModuleKind::kModule && initialize != nullptr && initialize->param.empty() &&
         initialize->result.empty();
}

std::shared_ptr<const LoadedModule> make_loaded(WasmMetaData meta_data,
                                                std::shared_ptr<const CompiledModule> code) {
  auto module = std::make_shared<LoadedModule>();
  module->initialize = is_reactor(*meta_data.info);
  module->meta_data = std::move(meta_data);
  module->code = std::move(code);
  module->functions = FunctionIndex(*module->meta_data.info);
  return module;
}

}  // namespace

ModuleCache::ModuleCache(const ModuleRepository& store, Compiler& compiler,
                         const CodeCost& capacity)
    : store_(store), compiler_(compiler), capacity_(capacity) {}

ModuleCache::Module ModuleCache::find(std::string_view id, std::optional<std::uint64_t> revision) {
  const auto sequence = store_.sequence();
  bool current = false;
  std::string revision_key;
  if (revision) revision_key = key_of(id, revision);
  const std::string_view key = revision ? std::string_view(revision_key) : id;
  auto module = find_entry(key, sequence, current);
  if (module == nullptr || is_superseded(*module->code, module->meta_data.digest)) return nullptr;
  if (current) return module;
  const auto meta_data = read(id, revision);
  if (!meta_data) return nullptr;
  if (!*meta_data || **meta_data != module->meta_data) {
    drop(key, module);
    return nullptr;
  }
  confirm(key, module, sequence);
  return module;
}

ModuleCache::Module ModuleCache::find_entry(std::string_view key, std::uint64_t sequence,
                                            bool& current) {
  const std::lock_guard lock(mutex_);
  const auto* entry = entries_.find(key);
  if (entry == nullptr) return nullptr;
  current = entry->sequence == sequence;
  return entry->module;
}

// Baseline code, whose optimised code is there by now.
bool ModuleCache::is_superseded(const CompiledModule& code, const Digest& digest) const {
  return code.tier() == Tier::kBaseline && compiler_.status(digest).state == CompileState::kReady;
}

void ModuleCache::confirm(std::string_view key, const Module& module, std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  auto* entry = entries_.peek(key);
  if (entry != nullptr && entry->module == module) entry->sequence = sequence;
}

// A load that was under way when the module was deleted may have put it here after forget().
void ModuleCache::drop(std::string_view key, const Module& module) {
  Locked locked(*this);
  const auto* entry = entries_.peek(key);
  if (entry != nullptr && entry->module == module) erase(key, locked);
}

Result<std::optional<WasmMetaData>> ModuleCache::read(std::string_view id,
                                                      std::optional<std::uint64_t> revision) {
  return revision ? store_.find_revision(id, *revision) : store_.find(id);
}

Task<Result<ModuleCache::Module>> ModuleCache::load(std::string id,
                                                    std::optional<std::uint64_t> revision,
                                                    MaxWait max_wait) {
  const auto sequence = store_.sequence();
  auto meta_data = read(id, revision);
  if (!meta_data) co_return std::unexpected{meta_data.error()};
  if (!*meta_data) co_return fail(ErrorCode::kNotFound, "no such module or revision");

  const auto digest = (*meta_data)->digest;
  auto code = find_code(digest);
  if (auto missing = missing_imports(*(*meta_data)->info)) {
    code = CompiledModule::without_code(*std::move(missing));
  } else if (code == nullptr) {
    code = compiler_.load_without_io(digest);
  }
  if (code == nullptr || is_superseded(*code, digest)) {
    const auto timeout = max_wait(**meta_data);
    auto compiled =
        co_await await_compiled(compiler_, store_, CompileSubject::of(**meta_data), timeout);
    if (!compiled) co_return std::unexpected{compiled.error()};
    code = *compiled;
  }
  const Module loaded = make_loaded(std::move(**meta_data), std::move(code));
  insert(key_of(id, revision), loaded, sequence);
  co_return loaded;
}

std::shared_ptr<const CompiledModule> ModuleCache::find_code(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = codes_.find(digest);
  return found == codes_.end() ? nullptr : found->second.code;
}

void ModuleCache::insert(std::string key, const Module& module, std::uint64_t sequence) {
  Locked locked(*this);
  erase(key, locked);
  const auto bytes = entry_bytes(*module->meta_data.info);
  if (key.find(kRevisionMark) != std::string::npos) pinned_.insert(key);
  entries_.insert(std::move(key), {module, sequence, bytes});
  auto& code = codes_[module->meta_data.digest];
  held_.bytes += bytes;
  ++code.users;
  if (code.code != nullptr) {  // baseline makes way for optimised code
    held_ -= code.code->cost();
    locked.erased(std::move(code.code));
  }
  code.code = module->code;
  held_ += code.code->cost();
  make_room(locked);
}

bool ModuleCache::is_full() const {
  return held_.bytes > capacity_.bytes || held_.mapped > capacity_.mapped ||
         held_.files > capacity_.files;
}

void ModuleCache::make_room(Locked& locked) {
  while (is_full() && erase_last_preloaded(locked)) {
  }
  while (is_full() && entries_.size() > 1) erase(entries_.oldest().first, locked);
}

// Whether there was one.
bool ModuleCache::erase_last_preloaded(Locked& locked) {
  bool erased = false;
  while (!erased && !preloaded_.empty()) {
    erased = erase_preloaded(preloaded_.back(), locked);
    preloaded_.pop_back();
  }
  return erased;
}

// Whether it was there, and preloaded only.
bool ModuleCache::erase_preloaded(const Digest& digest, Locked& locked) {
  const auto found = codes_.find(digest);
  if (found == codes_.end() || found->second.users > 0) return false;
  held_ -= found->second.code->cost();
  locked.erased(std::move(found->second.code));
  codes_.erase(found);
  return true;
}

bool ModuleCache::add_preloaded(const Digest& digest, std::shared_ptr<const CompiledModule> code) {
  Locked locked(*this);
  if (codes_.contains(digest)) return true;
  held_ += code->cost();
  codes_[digest].code = std::move(code);
  preloaded_.push_back(digest);
  return !is_full() || !erase_last_preloaded(locked);
}

void ModuleCache::drop_preloaded(const Digest& digest) {
  Locked locked(*this);
  erase_preloaded(digest, locked);
}

std::vector<Digest> ModuleCache::last_used(std::size_t limit) const {
  std::vector<Digest> digests;
  std::unordered_set<Digest> seen;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : entries_) {
    if (digests.size() == limit) break;
    const auto& digest = entry.module->meta_data.digest;
    if (seen.insert(digest).second) digests.push_back(digest);
  }
  return digests;
}

// Nothing where there is no such entry.
void ModuleCache::erase(std::string_view key, Locked& locked) {
  if (entries_.peek(key) == nullptr) return;
  if (const auto pin = pinned_.find(key); pin != pinned_.end()) pinned_.erase(pin);
  auto entry = entries_.take(key);  // `key` may be the entry's own: it ends here
  const auto code = codes_.find(entry.module->meta_data.digest);
  held_.bytes -= entry.bytes;
  if (--code->second.users == 0) {
    held_ -= code->second.code->cost();
    locked.erased(std::move(code->second.code));
    codes_.erase(code);
  }
  locked.erased(std::move(entry.module));
}

void ModuleCache::forget(const std::string& id) {
  const auto prefix = id + kRevisionMark;
  Locked locked(*this);
  erase(id, locked);
  auto pin = pinned_.lower_bound(prefix);
  while (pin != pinned_.end() && pin->starts_with(prefix)) {
    const auto key = *pin++;
    erase(key, locked);
  }
}

std::size_t ModuleCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return held_.bytes;
}

}  // namespace wasm_server
