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

// What it takes to hold a module.
struct CodeCost {
  std::size_t bytes = 0;
  std::size_t mapped = 0;  // 1 with mappings of its own (engine/mapping_budget.h)
  std::size_t files = 0;   // 1 with an open file of its own, or one that an instance may make

  CodeCost& operator+=(const CodeCost& other) {
    bytes += other.bytes;
    mapped += other.mapped;
    files += other.files;
    return *this;
  }
  CodeCost& operator-=(const CodeCost& other) {
    bytes -= other.bytes;
    mapped -= other.mapped;
    files -= other.files;
    return *this;
  }
};

// A module's machine code with its imports resolved, ready to be instantiated. Never changed;
// shared by threads.
class CompiledModule {
 public:
  // Code from this size on is large: to compile it takes a tenth of a second or more.
  static constexpr std::size_t kLargeCode = 256U << 10;
  // Compiles; takes about a second per megabyte and core. Small code does not wait for large code
  // that is being compiled. kInvalidModule or kMemoryLimit.
  static Result<std::shared_ptr<const CompiledModule>> compile(const Engine& engine,
                                                               std::string_view wasm,
                                                               Tier tier = Tier::kOptimized);
  // Compiles what nobody waits for, in time that nobody else wants, to the artefact of an optimised
  // module. The same errors.
  static Result<Bytes> precompile(const Engine& engine, std::string_view wasm);
  // Up to this an artefact is copied to where it needs no mappings of its own.
  static constexpr std::size_t kSmallBytes = 64U << 10;
  // Loads an artefact that this server wrote and has verified (engine/artefacts.h); nothing else
  // may get here, because its code runs unchecked. A copy of it is kept.
  static Result<std::shared_ptr<const CompiledModule>> load(const Engine& engine,
                                                            ByteView artefact);
  // The same, from a file that is kept open and mapped.
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

  // For the cache's account.
  CodeCost cost() const;

  // Set when an import cannot be satisfied: the module can be kept but not run.
  const std::optional<Error>& link_error() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }  // for the engine folder only

 private:
  explicit CompiledModule(std::unique_ptr<Impl> impl);
  static std::shared_ptr<const CompiledModule> adopt(const EngineTier& engine,
                                                     wasmtime_module* module, Tier tier);
  static std::shared_ptr<const CompiledModule> load_in_arena(const Engine& engine,
                                                             ByteView artefact);

  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server
