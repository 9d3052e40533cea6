#include "services/modules.h"

#include <functional>
#include <memory>
#include <utility>

#include "base/free_memory.h"
#include "base/text.h"
#include "engine/host_imports.h"
#include "engine/inspect/inspect.h"
#include "engine/runnable/call_spec.h"
#include "services/foreign_bytes.h"
#include "services/job_builder.h"

namespace wasm_server {
namespace {

std::unexpected<Error> no_such_module(std::string_view id) {
  return fail(ErrorCode::kNotFound, "there is no module " + quote(id));
}

// What takes about a millisecond at most is checked on the caller's event loop: hashing goes at
// gigabytes a second, parsing and validating code at some 60 MB. The rest is for the helper pool.
constexpr std::size_t kInlineHashBytes = 256U << 10;
constexpr std::size_t kInlineCheckBytes = 64U << 10;

bool is_quickly_checked(ByteView code, bool is_text) {
  if (code.size() <= kInlineCheckBytes) return true;
  return !is_text && code.size() <= kInlineHashBytes &&
         bytes_to_validate(code) <= kInlineCheckBytes;
}

Result<Bytes> binary_of(const Engine& engine, MemoryBudget& memory, ByteView text) {
  if (text.size() > kMaxTextBytes) {
    return fail(ErrorCode::kPayloadTooLarge, "WebAssembly text is taken up to " +
                                                 std::to_string(kMaxTextBytes) +
                                                 " bytes; send the binary that it compiles to");
  }
  MemoryShare share(&memory);
  if (!share.take(text.size() * kMemoryPerTextByte)) {
    return fail(ErrorCode::kOverloaded, "no memory is left to convert text");
  }
  auto binary = engine.wat_to_wasm(text);
  if (text.size() > kInlineCheckBytes) release_free_memory();  // before others count with it
  return binary;
}

// Why no instance of it can be made, if so.
std::optional<std::string> too_large_from_start(const ModuleInfo& info, const LimitValues& limits) {
  if (info.memory_bytes > limits.memory_bytes) {
    return "the module begins with " + std::to_string(info.memory_bytes) +
           " bytes of memory, more than its limit of " + std::to_string(limits.memory_bytes);
  }
  if (info.table_elements > kMaxTableElements) {
    return "the module begins with " + std::to_string(info.table_elements) +
           " table elements, more than the limit of " + std::to_string(kMaxTableElements);
  }
  return std::nullopt;
}

}  // namespace

Task<Result<WasmMetaData>> Modules::save(WasmRequest request) {
  return write(JobType::SAVE, std::move(request));
}

Task<Result<WasmMetaData>> Modules::modify(WasmRequest request) {
  return write(JobType::MODIFY, std::move(request));
}

Task<Result<WasmMetaData>> Modules::remove(std::string id, Preconditions preconditions) {
  WasmRequest request;
  request.id = std::move(id);
  request.preconditions = std::move(preconditions);
  return write(JobType::DELETE, std::move(request));
}

Task<Result<WasmMetaData>> Modules::write(JobType type, WasmRequest request) {
  CO_TRY(check_request(type, request, parts_.limits));
  std::optional<PrefixQuota> quota = std::move(request.quota);
  std::optional<NewCode> code;
  if (const bool is_text = request.text.has_value(); is_text || request.wasm) {
    auto checking = check_code(*std::move(is_text ? request.text : request.wasm), is_text);
    CO_TRY_ASSIGN(code, co_await std::move(checking));
  }
  CO_TRY_ASSIGN(WasmJob job, build_job(type, std::move(request), std::move(code), parts_.limits,
                                       parts_.clock.now()));
  auto submitting = parts_.channel.tx().submit(std::move(job), std::move(quota));
  CO_TRY_ASSIGN(JobResult committed, co_await std::move(submitting));
  co_return std::move(committed.meta_data);
}

Task<Result<NewCode>> Modules::check_code(Bytes code, bool is_text) {
  if (is_quickly_checked(code, is_text)) co_return check_code_here(std::move(code), is_text);
  std::move_only_function<Result<NewCode>()> work = [this, code = std::move(code),
                                                     is_text]() mutable {
    return check_code_here(std::move(code), is_text);
  };
  auto checking = parts_.helpers.run<NewCode>(std::move(work));
  co_return co_await std::move(checking);
}

Result<NewCode> Modules::check_code_here(Bytes code, bool is_text) const {
  if (is_text && begins_as_module(code)) {
    return fail(ErrorCode::kInvalidModule,
                "this is a module in the binary format: send it with Content-Type: "
                "application/wasm");
  }
  if (is_text) {
    TRY_ASSIGN(code, binary_of(parts_.engine, parts_.memory, code));
  } else if (const std::string found = describe_foreign_bytes(code); !found.empty()) {
    return fail(ErrorCode::kInvalidModule, "not a module, but " + found);
  } else if (!begins_as_module(code)) {
    return fail(ErrorCode::kInvalidModule,
                "not a module: it does not begin with the bytes 00 61 73 6d");
  }
  return parts_.code_checker.check(std::move(code));
}

Result<WasmMetaData> Modules::find(std::string_view id,
                                   std::optional<std::uint64_t> revision) const {
  TRY_ASSIGN(auto found,
             revision ? parts_.store.find_revision(id, *revision) : parts_.store.find(id));
  if (found) return *std::move(found);
  if (!revision) return no_such_module(id);
  return fail(ErrorCode::kNotFound,
              "there is no revision " + std::to_string(*revision) + " of a module " + quote(id));
}

Result<std::optional<WasmMetaData>> Modules::revision_before(const WasmMetaData& meta_data) const {
  if (meta_data.revision == 1) return std::nullopt;
  TRY_ASSIGN(auto older, parts_.store.find_revision(meta_data.id, meta_data.revision - 1));
  if (older && older->created_at == meta_data.created_at) return older;
  if (!older) {  // the oldest that is kept, or deleted meanwhile
    TRY_ASSIGN(const auto current, parts_.store.find(meta_data.id));
    if (current && current->created_at == meta_data.created_at) return std::nullopt;
  }
  return fail(ErrorCode::kNotFound, "the module was deleted meanwhile");
}

Result<ListPage> Modules::list(const ListQuery& query, const ListScan& scan) const {
  return parts_.store.list(query, scan);
}

Result<SharedBytes> Modules::read_code(const WasmMetaData& meta_data) const {
  TRY_ASSIGN(SharedBytes shared, read_shared_code(meta_data));
  if (shared) return shared;
  TRY_ASSIGN(auto code, parts_.store.read_code(meta_data.digest));
  if (!code) return no_such_module(meta_data.id);
  return std::make_shared<const Bytes>(*std::move(code));
}

SharedBytes Modules::cached_code(const WasmMetaData& meta_data) const {
  return parts_.blobs.find_cached(meta_data.digest);
}

Result<SharedBytes> Modules::read_shared_code(const WasmMetaData& meta_data) const {
  return parts_.blobs.find(meta_data.digest, meta_data.size);
}

CodeReader Modules::code_reader(const WasmMetaData& meta_data) const {
  return {parts_.store, meta_data.digest, meta_data.size};
}

ModuleStatus Modules::status_of(const WasmMetaData& meta_data) const {
  const LimitValues limits = effective_limits(meta_data.limits, parts_.limits);
  if (auto reason = too_large_from_start(*meta_data.info, limits)) {
    return {limits, {CompileState::kFailed, *std::move(reason)}};
  }
  if (auto missing = missing_imports(*meta_data.info)) {
    return {limits, {CompileState::kFailed, std::move(missing->message)}};
  }
  return {limits, parts_.compiler.status(meta_data.digest)};
}

}  // namespace wasm_server
