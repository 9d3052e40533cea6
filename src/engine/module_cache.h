#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "engine/compiled_module.h"
#include "engine/compiler.h"
#include "store/store.h"

namespace wasm_server {

// A stored revision that is ready to run. Never changed.
struct LoadedModule {
  WasmMetaData meta_data;
  std::shared_ptr<const CompiledModule> code;
  bool initialize = false;  // a WASI reactor: `_initialize` runs before each call
  std::unordered_map<std::string_view, const FunctionInfo*>
      functions;  // of meta_data.info, by name

  // Null when the module exports no such function.
  const FunctionInfo* find_function(std::string_view name) const;
};

// The modules that were executed lately, least recently used ones dropped beyond a bound.
// What it returns is always current: entries carry the store's sequence number, and after a write
// anywhere an entry is compared with the store (about a microsecond) before it is used again. Safe
// from any thread.
class ModuleCache {
 public:
  using Module = std::shared_ptr<const LoadedModule>;

  // `most`: of all that is held together.
  ModuleCache(Store& store, Compiler& compiler, const CodeCost& most);

  // Null when it is not here or no longer current. Without `revision`: the current one.
  Module find(std::string_view id, std::optional<std::uint64_t> revision);

  // How long the caller waits for code that is not compiled yet, which depends on the module's own
  // limits.
  using Patience = std::function<std::chrono::milliseconds(const WasmMetaData&)>;

  // Reads, and compiles if need be, without holding the thread. A module with an import that no
  // guest is offered is not compiled: it comes without code. Fails with kNotFound, with the
  // compiler's errors, or with kDeadlineExceeded.
  Task<Result<Module>> load(std::string id, std::optional<std::uint64_t> revision,
                            Patience patience);

  // Drops all revisions of a module at once; calls in flight keep theirs.
  void forget(const std::string& id);

  // Code that nobody has asked for yet, for the load() of any module that has it. It never pushes
  // out what was executed, and makes way for it: false when there is no room.
  bool add_spare(const Digest& digest, std::shared_ptr<const CompiledModule> code);
  // Drops what of that is not in use.
  void drop_spare(const Digest& digest);

  // Of the modules that were executed last, latest first, at most `most`.
  std::vector<Digest> last_used(std::size_t most) const;

  std::size_t bytes() const;

 private:
  struct Entry {
    std::string key;
    Module module;
    std::uint64_t sequence;
    std::size_t bytes;  // that it costs besides its code
  };
  struct Code {
    std::shared_ptr<const CompiledModule> code;
    std::size_t users = 0;  // entries; none of spare code
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  using Entries = std::list<Entry>;  // most recently used first

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
  bool erase_spare(const Digest& digest, Locked& locked);
  bool erase_last_spare(Locked& locked);
  void erase(Entries::iterator entry, Locked& locked);
  void erase_key(const std::string& key, Locked& locked);

  Store& store_;
  Compiler& compiler_;
  const CodeCost most_;

  mutable std::mutex mutex_;
  Entries entries_;  // this and all below: guarded by mutex_
  std::unordered_map<std::string_view, Entries::iterator, KeyHash, std::equal_to<>> index_;
  std::set<std::string> pinned_;  // keys of older revisions, so that forget() finds them by prefix
  std::unordered_map<Digest, Code> codes_;
  std::vector<Digest> spare_;  // of those in codes_; some may have come into use, or gone, since
  CodeCost held_;
};

}  // namespace wasm_server
