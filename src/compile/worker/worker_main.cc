#include "compile/worker/worker_main.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/free_memory.h"
#include "compile/worker/confinement.h"
#include "compile/worker/message_socket.h"
#include "compile/worker/protocol.h"
#include "compile/worker/sealed_memory.h"
#include "engine/code/code_compiler.h"
#include "engine/inspect/inspect.h"

namespace wasm_server {

namespace {

// The errors of the compiler that mean that a limit was met where nothing was allocated.
bool is_out_of_memory(const Error& error) {
  return error.message.find("os error 12") != std::string::npos;
}

// Compiling more than this takes so much memory that it is worth the time to release it.
constexpr std::size_t kMuchCode = 64U << 10;

Urgency urgency_of(const WorkerSetup& setup) {
  if (setup.work == CompileWork::kInspect) return Urgency::kUploadWaits;
  return setup.waited_for ? Urgency::kCallWaits : Urgency::kNobodyWaits;
}

class CompileWorker {
 public:
  static Result<CompileWorker> make(const WorkerSetup& setup) {
    CompileWorker worker(setup);
    if (setup.work == CompileWork::kInspect) return worker;
    const auto tier = setup.work == CompileWork::kBaseline ? Tier::kBaseline : Tier::kOptimized;
    TRY_ASSIGN(worker.compiler_,
               CodeCompiler::make(setup.max_wasm_stack_bytes, tier, setup.threads > 1));
    return worker;
  }

  // False when the server is gone.
  bool serve_one() {
    auto task = receive_message(kWorkerSocket);
    if (!task || !is_task(task->bytes)) return false;
    made_way_ = made_way_ || make_way(urgency_of(setup_));
    // The server is trusted: the size of what it sends is its own affair.
    const auto code = SealedMemory::adopt(std::move(task->file), ~0ULL);
    if (!code) return send_message(kWorkerSocket, encode_failed(code.error()));
    const bool sent = answer(work_on(code->bytes()));
    if (code->bytes().size() > kMuchCode) release_free_memory();
    return sent;
  }

 private:
  explicit CompileWorker(const WorkerSetup& setup) : setup_(setup) {}

  static bool answer(const Result<SealedMemory>& result) {
    return result ? send_message(kWorkerSocket, encode_done(), result->file())
                  : send_message(kWorkerSocket, encode_failed(result.error()));
  }

  Result<SealedMemory> work_on(ByteView code) const {
    if (setup_.work == CompileWork::kInspect) {
      const Report report = make_report(code, setup_.bounds);
      if (report.bytes().size() > kMaxReport) {
        return fail(ErrorCode::kInvalidModule, "the module exports and imports too much");
      }
      return SealedMemory::copy_of(report.bytes());
    }
    TRY_ASSIGN(const Bytes artefact, compile(code));
    return SealedMemory::copy_of(artefact);
  }

  Result<Bytes> compile(ByteView code) const {
    auto artefact = compiler_->compile(code);
    if (!artefact && is_out_of_memory(artefact.error())) std::_Exit(kOutOfMemoryStatus);
    return artefact;
  }

  WorkerSetup setup_;
  std::unique_ptr<CodeCompiler> compiler_;
  bool made_way_ = false;
};

}  // namespace

int compile_worker_main() {
  const auto first = receive_message(kWorkerSocket);
  const auto setup = first ? decode_setup(first->bytes) : std::nullopt;
  if (!setup) return EXIT_FAILURE;
  if (!confine(setup->server)) return EXIT_SUCCESS;
  make_way(urgency_of(*setup));
  setenv("RAYON_NUM_THREADS", std::to_string(setup->threads).c_str(), 1);
  auto worker = CompileWorker::make(*setup);
  if (!worker) return EXIT_FAILURE;
  limit_memory(setup->memory_bytes);
  if (!send_message(kWorkerSocket, encode_ready())) return EXIT_SUCCESS;
  while (worker->serve_one()) {
  }
  return EXIT_SUCCESS;
}

}  // namespace wasm_server
