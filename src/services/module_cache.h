#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/lru_cache.h"
#include "base/result.h"
#include "base/task.h"
#include "compile/compiler.h"
#include "engine/code/compiled_module.h"
#include "model/function_index.h"
#include "store/module_repository.h"

namespace wasm_server {

// A stored revision that is ready to run. Never changed.
struct LoadedModule {
  WasmMetaData meta_data;
  std::shared_ptr<const CompiledModule> code;
  bool initialize = false;  // a WASI reactor: `_initialize` runs before each call
  FunctionIndex functions;  // of meta_data.info

  // Null when the module exports no such function, by any of its names.
  const FunctionInfo* find_function(std::string_view name) const { return functions.find(name); }
};

// The modules that were executed lately, least recently used ones dropped beyond a bound.
// What it returns is always current: entries carry the store's sequence number, and after a write
// anywhere an entry is compared with the store (about a microsecond) before it is used again. Safe
// from any thread.
class ModuleCache {
 public:
  using Module = std::shared_ptr<const LoadedModule>;

  // `capacity`: of all that is held together.
  ModuleCache(const ModuleRepository& store, Compiler& compiler, const CodeCost& capacity);

  // Null when it is not here or no longer current. Without `revision`: the current one.
  Module find(std::string_view id, std::optional<std::uint64_t> revision);

  // How long the caller waits for code that is not compiled yet, which depends on the module's own
  // limits.
  using MaxWait = std::function<std::chrono::milliseconds(const WasmMetaData&)>;

  // Reads, and compiles if need be, without holding the thread. A module with an import that no
  // guest is offered is not compiled: it comes without code. Fails with kNotFound, with the
  // compiler's errors, or with kNotReady.
  Task<Result<Module>> load(std::string id, std::optional<std::uint64_t> revision,
                            MaxWait max_wait);

  // Drops all revisions of a module at once; calls in flight keep theirs.
  void forget(const std::string& id);

  // Code that nobody has asked for yet, for the load() of any module that has it. It never pushes
  // out what was executed, and makes way for it: false when there is no room.
  bool add_preloaded(const Digest& digest, std::shared_ptr<const CompiledModule> code);
  // Drops what of that is not in use.
  void drop_preloaded(const Digest& digest);

  // Of the modules that were executed last, latest first, at most `limit`.
  std::vector<Digest> last_used(std::size_t limit) const;

  std::size_t bytes() const;

 private:
  struct Entry {
    Module module;
    std::uint64_t sequence;
    std::size_t bytes;  // that it costs besides its code
  };
  struct Code {
    std::shared_ptr<const CompiledModule> code;
    std::size_t users = 0;  // entries; none of what is preloaded only
  };

  // Holds mutex_, and what is erased meanwhile: code is given back to the engine afterwards,
  // because that takes longer than anything that is done under the lock.
  class Locked {
   public:
    explicit Locked(const ModuleCache& cache) : lock_(cache.mutex_) {}
    void erased(std::shared_ptr<const void> what) { erased_.push_back(std::move(what)); }

   private:
    std::vector<std::shared_ptr<const void>> erased_;
    std::unique_lock<std::mutex> lock_;  // ends first
  };

  Result<std::optional<WasmMetaData>> read(std::string_view id,
                                           std::optional<std::uint64_t> revision);
  Module find_entry(std::string_view key, std::uint64_t sequence, bool& current);
  bool is_superseded(const CompiledModule& code, const Digest& digest) const;
  void confirm(std::string_view key, const Module& module, std::uint64_t sequence);
  void drop(std::string_view key, const Module& module);
  std::shared_ptr<const CompiledModule> find_code(const Digest& digest);
  void insert(std::string key, const Module& module, std::uint64_t sequence);
  bool is_full() const;  // mutex_ held
  void make_room(Locked& locked);
  bool erase_preloaded(const Digest& digest, Locked& locked);
  bool erase_last_preloaded(Locked& locked);
  void erase(std::string_view key, Locked& locked);

  const ModuleRepository& store_;
  Compiler& compiler_;
  const CodeCost capacity_;

  mutable std::mutex mutex_;
  LruCache<std::string, Entry, TextHash> entries_;  // this and all below: guarded by mutex_
  // Keys of older revisions, so that forget() finds them by prefix.
  std::set<std::string, std::less<>> pinned_;
  std::unordered_map<Digest, Code> codes_;
  // Of those in codes_; some may have come into use, or gone, since.
  std::vector<Digest> preloaded_;
  CodeCost held_;
};

}  // namespace wasm_server
