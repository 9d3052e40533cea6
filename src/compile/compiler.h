#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "compile/scheduler.h"
#include "model/wasm_storage.h"

namespace wasm_server {

class Artefacts;
class CompiledModule;
class Engine;

enum class CompileState : std::uint8_t { kCompiling, kReady, kFailed };

struct CompileStatus {
  CompileState state = CompileState::kReady;
  std::string detail;  // of kFailed
};

// Code that is to be compiled.
struct CompileSubject {
  Digest digest;
  std::uint64_t size = 0;                 // of the code, in bytes
  std::chrono::microseconds expected{0};  // the CPU time of that

  static CompileSubject of(const WasmMetaData& meta_data) {
    // Of code whose cost nobody counted, its size tells something: a microsecond a byte.
    const auto time = meta_data.info->compile_us != 0 ? meta_data.info->compile_us : meta_data.size;
    return {meta_data.digest, meta_data.size, std::chrono::microseconds(time)};
  }
};

// Has modules compiled by compile workers (compile/scheduler.h), and keeps the artefacts. What a
// compilation does to its worker is that module's failure and nobody else's. Safe from any thread.
class Compiler {
 public:
  using Done = std::move_only_function<void(Result<std::shared_ptr<const CompiledModule>>)>;
  using Keep = std::function<void(const std::shared_ptr<const CompiledModule>&)>;
  // Fetches a module's code when it is needed, on one of the compiler's threads.
  using Load = std::function<Result<SharedBytes>()>;

  Compiler(const Engine& engine, Artefacts& artefacts, const CompilerSettings& settings);
  // Waits for no compilation: what runs is killed, and who waits is answered with kOverloaded.
  ~Compiler();
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  // Called on one of the compiler's threads after an artefact was written: its code may have been
  // deleted meanwhile. Before the first compilation.
  void on_saved(std::function<void(const Digest&)> hook);

  // Makes sure that the code gets compiled when the machine has time to spare, unless there is an
  // artefact already. For a module that was just stored; a full queue only means that the first
  // execution has it compiled. Begins a moment later, so that an execution that follows its upload
  // at once finds it waiting, and it is not compiled twice.
  void prepare(const CompileSubject& subject, Load load);

  // For an execution: calls `done` with the compiled module, from one of the compiler's threads.
  // Joins a compilation of the same digest that another execution waits for, and a preload that has
  // begun. What is expected to take long and has no artefact yet is answered with baseline code,
  // which is there in a fraction of the time; the optimised code follows (status() tells). What is
  // expected to be short waits for nothing long. Fails (through `done`, on the calling thread) with
  // kOverloaded when the queue is full, and with its error when the module is known not to compile.
  void compile(const CompileSubject& subject, Load load, Done done);

  // Code that is not stored any more: what waits for it or compiles it ends now, and who waits for
  // that is told kNotFound. Does not wait.
  void forget(const Digest& digest);

  // Modules that are compiled or loaded, or wait for that.
  std::size_t pending() const;
  CompileScheduler::ClassFigures figures(TaskClass task_class) const;

  // The code of a small module whose artefact is at hand (compile/artefacts.h), loaded by the
  // calling thread; null when it takes compile().
  std::shared_ptr<const CompiledModule> load_without_io(const Digest& digest) const;

  // Loads the artefact of `digest`, on the calling thread, for executions to come, and gives the
  // module to `keep` before anybody who asked for it meanwhile is answered with it. Does nothing
  // when there is no good artefact, or when an execution was here first; compiles nothing.
  void preload(const Digest& digest, const Keep& keep);

  CompileStatus status(const Digest& digest) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server
