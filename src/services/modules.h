#pragma once

// What the program does with modules, for whoever asks: an HTTP request today, the command line or
// another node later. It knows nothing of HTTP.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "base/task.h"
#include "compile/compiler.h"
#include "engine/engine.h"
#include "jobs/channel.h"
#include "jobs/wasm_job.h"
#include "jobs/wasm_request.h"
#include "model/limits.h"
#include "model/wasm_storage.h"
#include "services/blob_cache.h"
#include "services/code_checker.h"
#include "services/code_reader.h"
#include "services/helper_pool.h"
#include "store/module_repository.h"

namespace wasm_server {

// WebAssembly text may be this long: converting it takes up to 75 times its size in memory, which
// must be there.
inline constexpr std::size_t kMaxTextBytes = 8U << 20;
inline constexpr std::uint64_t kMemoryPerTextByte = 75;

// How a stored module stands on this server, beside what is stored about it.
struct ModuleStatus {
  LimitValues limits;  // of its calls
  CompileStatus compile;
};

// Safe from any thread. Tasks resume on the caller's event loop.
class Modules {
 public:
  // All of them outlive this.
  struct Parts {
    const ModuleRepository& store;
    JobChannel& channel;
    const Engine& engine;
    Compiler& compiler;
    CodeChecker& code_checker;
    HelperPool& helpers;
    BlobCache& blobs;
    const LimitsConfig& limits;
    const Clock& clock;
    MemoryBudget& memory;  // that what a conversion takes is counted in
  };

  explicit Modules(const Parts& parts) : parts_(parts) {}
  Modules(const Modules&) = delete;
  Modules& operator=(const Modules&) = delete;

  // Each write is checked, becomes a job, and is answered after that is committed, with the module
  // as it is then. What is refused changes nothing:
  //   kBadRequest          a field is out of bounds, or does not fit the code or the function
  //   kInvalidModule       the code is no valid module, or text that does not compile
  //   kPayloadTooLarge     text beyond kMaxTextBytes
  //   kConflict            save: the id exists
  //   kNotFound            modify, remove: no such module or revision
  //   kPreconditionFailed  the module is not in the state that the request asks for
  //   kOverloaded          too many writes or large modules are waiting, or no memory is left
  //   kStorageFull         also when the request's quota is used up
  //   kInternal
  Task<Result<WasmMetaData>> save(WasmRequest request);
  // Of the module `request.id`. What the request leaves out stays as it is.
  Task<Result<WasmMetaData>> modify(WasmRequest request);
  // With all its revisions. Answered with the module as it was.
  Task<Result<WasmMetaData>> remove(std::string id, Preconditions preconditions);

  // Reads go to the database, on the calling thread. The current revision unless one is named;
  // kNotFound says what is missing.
  Result<WasmMetaData> find(std::string_view id,
                            std::optional<std::uint64_t> revision = std::nullopt) const;
  // The revision before `meta_data`; empty when that is the oldest one kept. kNotFound when the
  // module was deleted meanwhile, even if another one has its id by now.
  Result<std::optional<WasmMetaData>> revision_before(const WasmMetaData& meta_data) const;
  Result<ListPage> list(const ListQuery& query, const ListScan& scan) const;

  // The code of a module that was found; kNotFound when it was deleted since. As a whole:
  Result<SharedBytes> read_code(const WasmMetaData& meta_data) const;
  // As a whole and shared with others who read it now; null when it is to be read in slices
  // (services/blob_cache.h). The first only if it is in memory.
  SharedBytes cached_code(const WasmMetaData& meta_data) const;
  Result<SharedBytes> read_shared_code(const WasmMetaData& meta_data) const;
  // In slices.
  CodeReader code_reader(const WasmMetaData& meta_data) const;

  ModuleStatus status_of(const WasmMetaData& meta_data) const;

  // Whether the store has failed, so that nothing can be written any more.
  bool failed() const { return parts_.store.failed(); }

 private:
  Task<Result<WasmMetaData>> write(JobType type, WasmRequest request);
  Task<Result<NewCode>> check_code(Bytes code, bool is_text);
  Result<NewCode> check_code_here(Bytes code, bool is_text) const;

  const Parts parts_;
};

}  // namespace wasm_server
