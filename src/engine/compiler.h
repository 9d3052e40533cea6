#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace wasm_server {

class Artefacts;
class CompiledModule;
class Engine;

enum class CompileState : std::uint8_t { kCompiling, kReady, kFailed };

struct CompileStatus {
  CompileState state = CompileState::kReady;
  std::string detail;  // of kFailed
};

// Compiles modules in the background, on threads of low priority, and keeps the artefacts. Safe
// from any thread.
class Compiler {
 public:
  using Done = std::move_only_function<void(Result<std::shared_ptr<const CompiledModule>>)>;
  using Keep = std::function<void(const std::shared_ptr<const CompiledModule>&)>;
  // Fetches a module's code when it is needed, on one of the compiler's threads.
  using Load = std::function<Result<SharedBytes>()>;

  Compiler(const Engine& engine, Artefacts& artefacts, unsigned threads, std::size_t max_queue);
  ~Compiler();  // what runs is finished, what waits is answered with kOverloaded
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  // Called on one of the compiler's threads after an artefact was written: its code may have been
  // deleted meanwhile. Before the first compilation.
  void on_saved(std::function<void(const Digest&)> hook);

  // Makes sure that `digest` gets compiled when the machine has time to spare, unless there is an
  // artefact already. For a module that was just stored; a full queue, or a machine that has no
  // time, only means that the first execution compiles it. While one module is stored after
  // another, such compilations together get at most a twentieth of one thread: they must not slow
  // the saves down.
  void prepare(const Digest& digest, Load load);

  // For an execution: calls `done` with the compiled module, from one of the compiler's threads.
  // Has nothing to do with what prepare() began, and joins a compilation of the same digest that
  // another execution waits for, and a preload that has begun. A large module (`size` bytes of
  // code, CompiledModule::kLargeCode) that has no artefact yet is answered with baseline code,
  // which is there in a fraction of the time; the optimised code follows (status() tells). A small
  // one waits for no large one. Fails (through `done`, on the calling thread) with kOverloaded when
  // the queue is full, and with its error when the module is known not to compile.
  void compile(const Digest& digest, std::uint64_t size, Load load, Done done);

  // The code of a small module whose artefact is at hand (engine/artefacts.h), loaded by the
  // calling thread; null when it takes compile().
  std::shared_ptr<const CompiledModule> load_at_hand(const Digest& digest) const;

  // Loads the artefact of `digest`, on the calling thread, for executions to come, and gives the
  // module to `keep` before anybody who asked for it meanwhile is answered with it. Does nothing
  // when there is no good artefact, or when an execution was here first; compiles nothing.
  void preload(const Digest& digest, const Keep& keep);

  // Whether a compilation is under way: it cannot be interrupted, and the destructor waits for it.
  bool busy() const;

  CompileStatus status(const Digest& digest) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server
