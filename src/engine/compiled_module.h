#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "engine/engine.h"

struct wasmtime_module;

namespace wasm_server {

struct EngineTier;

// Optimised code is made by Cranelift; baseline code by Winch, in about a tenth of the time, and it
// runs at about half the speed. The baseline compiler does not know all of WebAssembly.
enum class Tier : std::uint8_t { kOptimized, kBaseline };

// A module's machine code with its imports resolved, ready to be instantiated. Never changed;
// shared by threads.
class CompiledModule {
 public:
  // Compiles; takes about a second per megabyte and core. kInvalidModule or kMemoryLimit.
  static Result<std::shared_ptr<const CompiledModule>> compile(const Engine& engine,
                                                               std::string_view wasm,
                                                               Tier tier = Tier::kOptimized);
  // Compiles what nobody waits for, in time that nobody else wants, to the artefact of an optimised
  // module. The same errors.
  static Result<Bytes> precompile(const Engine& engine, std::string_view wasm);
  // Maps an artefact that this server wrote and has verified (engine/artefacts.h); nothing else may
  // get here, because loading it runs its code unchecked.
  static Result<std::shared_ptr<const CompiledModule>> map_file(const Engine& engine,
                                                                Descriptor file);
  // For a module that was not compiled because it could not run anyway.
  static std::shared_ptr<const CompiledModule> without_code(Error link_error);
  ~CompiledModule();
  CompiledModule(const CompiledModule&) = delete;
  CompiledModule& operator=(const CompiledModule&) = delete;

  Tier tier() const;

  // The artefact of this module, which must be optimised.
  Result<Bytes> serialize() const;

  // Size of the code image, for the cache's account.
  std::size_t bytes() const;

  // Set when an import cannot be satisfied: the module can be kept but not run.
  const std::optional<Error>& link_error() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }  // for the engine folder only

 private:
  explicit CompiledModule(std::unique_ptr<Impl> impl);
  static std::shared_ptr<const CompiledModule> adopt(const EngineTier& engine,
                                                     wasmtime_module* module, Tier tier);

  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server
