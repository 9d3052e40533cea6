#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "engine/code/compiled_module.h"

namespace wasm_server {

// Makes artefacts and runs nothing: what a compile worker has instead of an Engine. Its artefacts
// load in an Engine of the same build. One thread at a time.
class CodeCompiler {
 public:
  // `parallel`: the functions of a module are divided among threads, one per core unless the
  // environment's RAYON_NUM_THREADS says otherwise.
  static Result<std::unique_ptr<CodeCompiler>> make(std::size_t max_wasm_stack_bytes, Tier tier,
                                                    bool parallel);
  ~CodeCompiler();
  CodeCompiler(const CodeCompiler&) = delete;
  CodeCompiler& operator=(const CodeCompiler&) = delete;

  // The artefact of a module. kInvalidModule when it is none, or when it has what the tier cannot
  // compile; whether it fits an engine's pool shows when it is loaded there.
  Result<Bytes> compile(ByteView wasm) const;

  // Ends the process at once, with `status`, when a compilation finds no memory.
  static void exit_when_out_of_memory(int status);

 private:
  struct Impl;
  explicit CodeCompiler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server
