#pragma once

// Bytes -> NewCode: hashed, validated by the engine, inspected. What was found valid is remembered
// by digest, so that equal bytes are validated once. Safe from any thread.

#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "engine/engine.h"
#include "jobs/wasm_job.h"
#include "store/wasm_storage.h"

namespace wasm_server {

class CodeChecker {
 public:
  struct Bounds {
    // What is kept of a module's exports and imports, which are part of every answer about it.
    // 10,000 functions of three parameters fit; Pyodide, the most that we know of, exports 8,560.
    std::size_t info_bytes = 4U << 20;
    // All that is remembered.
    std::size_t cache_bytes = 4U << 20;
  };

  // `engine` must outlive this. The bounds hold approximately.
  CodeChecker(const Engine& engine, Bounds bounds) : engine_(engine), bounds_(bounds) {}
  CodeChecker(const CodeChecker&) = delete;
  CodeChecker& operator=(const CodeChecker&) = delete;

  // kInvalidModule with the engine's reason, or when there is too much to keep of it. Takes time in
  // proportion to the size: on an event loop only for small ones.
  Result<NewCode> check(Bytes wasm);

 private:
  struct Entry {
    Digest digest;
    SharedModuleInfo info;
    std::size_t weight;
  };

  std::optional<SharedModuleInfo> find(const Digest& digest);
  void remember(const Digest& digest, const SharedModuleInfo& info);
  // Does `work` on `wasm` here or, if that is large, in time that running calls do not want;
  // without mutex_.
  void compute(ByteView wasm, const std::function<void()>& work) const;
  Result<SharedModuleInfo> examine(ByteView wasm) const;

  const Engine& engine_;
  const Bounds bounds_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_; latest first
  std::unordered_map<Digest, std::list<Entry>::iterator> by_digest_;  // guarded by mutex_
  std::size_t weight_ = 0;                                            // guarded by mutex_
};

}  // namespace wasm_server
