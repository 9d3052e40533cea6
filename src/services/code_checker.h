#pragma once

// Bytes -> NewCode: hashed, validated and inspected. What was found valid is remembered
// by digest, so that equal bytes are validated once. Safe from any thread.

#include <cstddef>
#include <mutex>
#include <optional>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/lru_cache.h"
#include "base/result.h"
#include "compile/code_inspector.h"
#include "engine/inspect/inspect.h"
#include "jobs/wasm_job.h"
#include "model/wasm_storage.h"

namespace wasm_server {

class CodeChecker {
 public:
  struct Bounds {
    // What is kept of a module's exports and imports, which are part of every answer about it.
    // 10,000 functions of three parameters fit; Pyodide, the most that we know of, exports 8,560.
    std::size_t info_bytes = 4U << 20;
    // All that is remembered.
    std::size_t cache_bytes = 4U << 20;
    ModuleBounds module{};
  };

  // Code of so many bytes is validated and inspected by another process.
  static constexpr std::size_t kLargeCode = 1U << 20;

  // `inspector` outlives it. The bounds hold approximately.
  CodeChecker(CodeInspector& inspector, Bounds bounds) : inspector_(inspector), bounds_(bounds) {}
  CodeChecker(const CodeChecker&) = delete;
  CodeChecker& operator=(const CodeChecker&) = delete;

  // kInvalidModule with the engine's reason, or when there is too much to keep of it. Takes time in
  // proportion to the size: on an event loop only for small ones. Fails with kOverloaded when the
  // inspector has been stopped.
  Result<NewCode> check(Bytes wasm);

 private:
  struct Entry {
    SharedModuleInfo info;
    std::size_t weight;
  };

  std::optional<SharedModuleInfo> find(const Digest& digest);
  void remember(const Digest& digest, const SharedModuleInfo& info);
  Result<InspectedModule> inspect_here_or_there(ByteView wasm) const;
  Result<SharedModuleInfo> examine(ByteView wasm) const;

  CodeInspector& inspector_;
  const Bounds bounds_;
  std::mutex mutex_;
  LruCache<Digest, Entry> known_;  // guarded by mutex_
  std::size_t weight_ = 0;         // guarded by mutex_; of all that is known
};

}  // namespace wasm_server
