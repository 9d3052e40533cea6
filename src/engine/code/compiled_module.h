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
#include "engine/runnable/call_spec.h"
#include "engine/runnable/runnable.h"

namespace wasm_server {

// Optimised code is made by Cranelift; baseline code by Winch, in about a tenth of the time, and it
// runs at about half the speed. The baseline compiler does not know all of WebAssembly.
enum class Tier : std::uint8_t { kOptimized, kBaseline };

// What it takes to hold a module.
struct CodeCost {
  std::size_t bytes = 0;
  std::size_t mapped = 0;  // 1 with mappings of its own (engine/code/mapping_budget.h)
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

// A module's machine code with its imports resolved, ready to be instantiated, whatever kind of
// code it is. Never changed; shared by threads.
class CompiledModule {
 public:
  // Compiles in this process, on all cores, for as long as it takes: the server has it done by its
  // compile workers (compile/worker/). kInvalidModule or kMemoryLimit.
  static Result<std::shared_ptr<const CompiledModule>> compile(const Engine& engine,
                                                               std::string_view wasm,
                                                               Tier tier = Tier::kOptimized);
  // Up to this an artefact is copied to where it needs no mappings of its own.
  static constexpr std::size_t kSmallBytes = 64U << 10;
  // Loads an artefact that a compile worker made, or that this server wrote and has verified
  // (compile/artefacts.h); nothing else may get here, because its code runs unchecked. A copy of it
  // is kept.
  static Result<std::shared_ptr<const CompiledModule>> load(const Engine& engine, ByteView artefact,
                                                            Tier tier = Tier::kOptimized);
  // The same, from a file that is kept open and mapped.
  static Result<std::shared_ptr<const CompiledModule>> map_file(const Engine& engine,
                                                                Descriptor file,
                                                                Tier tier = Tier::kOptimized);
  // For a module that was not compiled because it could not run anyway.
  static std::shared_ptr<const CompiledModule> without_code(Error link_error);
  virtual ~CompiledModule() = default;
  CompiledModule(const CompiledModule&) = delete;
  CompiledModule& operator=(const CompiledModule&) = delete;

  virtual Tier tier() const = 0;

  // The artefact of this module, which must be optimised.
  virtual Result<Bytes> serialize() const = 0;

  // For the cache's account.
  virtual CodeCost cost() const = 0;

  // Set when an import cannot be satisfied: the module can be kept but not run.
  virtual const std::optional<Error>& link_error() const = 0;

  // One call. Not when link_error() is set.
  virtual std::unique_ptr<Runnable> make_runnable(CallSpec&& spec) const = 0;

 protected:
  CompiledModule() = default;
};

}  // namespace wasm_server
