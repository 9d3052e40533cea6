#include "engine/module_cache.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "engine/await_compiled.h"
#include "engine/host_imports.h"

namespace wasm_server {

namespace {

// What an entry costs besides its code: metadata, the engine's records of the module, list and map
// nodes. 4.6 KB with `add`, and what its exports and imports take: of small code, these may be
// most.
constexpr std::size_t kEntryBytes = 4700;
constexpr std::size_t kFunctionBytes = 48;  // a node of LoadedModule::functions

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
  for (const auto& function : module->meta_data.info->functions) {
    module->functions.emplace(function.name, &function);
  }
  return module;
}

}  // namespace

const FunctionInfo* LoadedModule::find_function(std::string_view name) const {
  const auto found = functions.find(name);
  return found == functions.end() ? nullptr : found->second;
}

ModuleCache::ModuleCache(Store& store, Compiler& compiler, const CodeCost& most)
    : store_(store), compiler_(compiler), most_(most) {}

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
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  const auto entry = found->second;
  if (entry != entries_.begin()) entries_.splice(entries_.begin(), entries_, entry);
  current = entry->sequence == sequence;
  return entry->module;
}

// Baseline code, whose optimised code is there by now.
bool ModuleCache::is_superseded(const CompiledModule& code, const Digest& digest) const {
  return code.tier() == Tier::kBaseline && compiler_.status(digest).state == CompileState::kReady;
}

void ModuleCache::confirm(std::string_view key, const Module& module, std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found != index_.end() && found->second->module == module) found->second->sequence = sequence;
}

// A load that was under way when the module was deleted may have put it here after forget().
void ModuleCache::drop(std::string_view key, const Module& module) {
  Locked locked(*this);
  const auto found = index_.find(key);
  if (found != index_.end() && found->second->module == module) erase(found->second, locked);
}

Result<std::optional<WasmMetaData>> ModuleCache::read(std::string_view id,
                                                      std::optional<std::uint64_t> revision) {
  return revision ? store_.find_revision(id, *revision) : store_.find(id);
}

Task<Result<ModuleCache::Module>> ModuleCache::load(std::string id,
                                                    std::optional<std::uint64_t> revision,
                                                    Patience patience) {
  const auto sequence = store_.sequence();
  auto meta_data = read(id, revision);
  if (!meta_data) co_return std::unexpected{meta_data.error()};
  if (!*meta_data) co_return fail(ErrorCode::kNotFound, "no such module or revision");

  const auto digest = (*meta_data)->digest;
  auto code = find_code(digest);
  if (auto missing = missing_import((*meta_data)->info->imports)) {
    code = CompiledModule::without_code(*std::move(missing));
  } else if (code == nullptr) {
    code = compiler_.load_at_hand(digest);
  }
  if (code == nullptr || is_superseded(*code, digest)) {
    const auto timeout = patience(**meta_data);
    auto compiled = co_await await_compiled(compiler_, store_, digest, (*meta_data)->size, timeout);
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
  if (const auto old = index_.find(key); old != index_.end()) erase(old->second, locked);
  const auto bytes = entry_bytes(*module->meta_data.info);
  entries_.push_front({std::move(key), module, sequence, bytes});
  index_.emplace(entries_.front().key, entries_.begin());
  if (entries_.front().key.find(kRevisionMark) != std::string::npos) {
    pinned_.insert(entries_.front().key);
  }
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
  return held_.bytes > most_.bytes || held_.mapped > most_.mapped || held_.files > most_.files;
}

void ModuleCache::make_room(Locked& locked) {
  while (is_full() && erase_last_spare(locked)) {
  }
  while (is_full() && entries_.size() > 1) erase(std::prev(entries_.end()), locked);
}

// Whether there was one.
bool ModuleCache::erase_last_spare(Locked& locked) {
  bool erased = false;
  while (!erased && !spare_.empty()) {
    erased = erase_spare(spare_.back(), locked);
    spare_.pop_back();
  }
  return erased;
}

// Whether it was there, and spare.
bool ModuleCache::erase_spare(const Digest& digest, Locked& locked) {
  const auto found = codes_.find(digest);
  if (found == codes_.end() || found->second.users > 0) return false;
  held_ -= found->second.code->cost();
  locked.erased(std::move(found->second.code));
  codes_.erase(found);
  return true;
}

bool ModuleCache::add_spare(const Digest& digest, std::shared_ptr<const CompiledModule> code) {
  Locked locked(*this);
  if (codes_.contains(digest)) return true;
  held_ += code->cost();
  codes_[digest].code = std::move(code);
  spare_.push_back(digest);
  return !is_full() || !erase_last_spare(locked);
}

void ModuleCache::drop_spare(const Digest& digest) {
  Locked locked(*this);
  erase_spare(digest, locked);
}

std::vector<Digest> ModuleCache::last_used(std::size_t most) const {
  std::vector<Digest> digests;
  std::unordered_set<Digest> seen;
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    if (digests.size() == most) break;
    const auto& digest = entry.module->meta_data.digest;
    if (seen.insert(digest).second) digests.push_back(digest);
  }
  return digests;
}

void ModuleCache::erase(Entries::iterator entry, Locked& locked) {
  const auto code = codes_.find(entry->module->meta_data.digest);
  held_.bytes -= entry->bytes;
  if (--code->second.users == 0) {
    held_ -= code->second.code->cost();
    locked.erased(std::move(code->second.code));
    codes_.erase(code);
  }
  index_.erase(entry->key);
  pinned_.erase(entry->key);
  locked.erased(std::move(entry->module));
  entries_.erase(entry);
}

void ModuleCache::erase_key(const std::string& key, Locked& locked) {
  const auto found = index_.find(key);
  if (found != index_.end()) erase(found->second, locked);
}

void ModuleCache::forget(const std::string& id) {
  const auto prefix = id + kRevisionMark;
  Locked locked(*this);
  erase_key(id, locked);
  auto pin = pinned_.lower_bound(prefix);
  while (pin != pinned_.end() && pin->starts_with(prefix)) {
    const auto key = *pin++;
    erase_key(key, locked);
  }
}

std::size_t ModuleCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return held_.bytes;
}

}  // namespace wasm_server
