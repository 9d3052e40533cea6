#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "engine/engine.h"

namespace wasm_server {

// A module's machine code with its imports resolved, ready to be instantiated. Never changed;
// shared by threads.
class CompiledModule {
 public:
  // Compiles; takes about a second per megabyte and core. kInvalidModule or kMemoryLimit.
  static Result<std::shared_ptr<const CompiledModule>> compile(const Engine& engine,
                                                               std::string_view wasm);
  // Maps an artefact that this server wrote and has verified (engine/artefacts.h); nothing else may
  // get here, because loading it runs its code unchecked.
  static Result<std::shared_ptr<const CompiledModule>> map_file(const Engine& engine,
                                                                const std::string& path);
  ~CompiledModule();
  CompiledModule(const CompiledModule&) = delete;
  CompiledModule& operator=(const CompiledModule&) = delete;

  // The artefact of this module.
  Result<Bytes> serialize() const;

  // Size of the code image, for the cache's account.
  std::size_t bytes() const;

  // Set when an import cannot be satisfied: the module can be kept but not run.
  const std::optional<Error>& link_error() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }  // for the engine folder only

 private:
  explicit CompiledModule(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server
