#include "services/code_checker.h"

#include <string>
#include <utility>

#include "engine/inspect/inspect.h"

namespace wasm_server {
namespace {

constexpr std::size_t kEntryBytes = 256;  // list node, map node, shared_ptr's block

}  // namespace

Result<NewCode> CodeChecker::check(Bytes wasm) {
  NewCode code;
  code.digest = sha256(wasm);
  if (auto known = find(code.digest)) {
    code.info = *std::move(known);
  } else {
    TRY_ASSIGN(code.info, examine(wasm));
    remember(code.digest, code.info);
  }
  code.bytes = std::make_shared<const Bytes>(std::move(wasm));
  return code;
}

Result<InspectedModule> CodeChecker::inspect_here_or_there(ByteView wasm) const {
  return wasm.size() < kLargeCode ? inspect(wasm, bounds_.module) : inspector_.inspect(wasm);
}

Result<SharedModuleInfo> CodeChecker::examine(ByteView wasm) const {
  TRY_ASSIGN(InspectedModule found, inspect_here_or_there(wasm));
  if (const std::size_t weight = weight_of(found.info); weight > bounds_.info_bytes) {
    return fail(ErrorCode::kInvalidModule,
                "the module exports and imports too much: its functions' names and types take " +
                    std::to_string(weight) + " bytes, and at most " +
                    std::to_string(bounds_.info_bytes) + " are kept");
  }
  found.info.compile_us = static_cast<std::uint64_t>(expected_compile_time(found.cost).count());
  return std::move(found.info);
}

std::optional<SharedModuleInfo> CodeChecker::find(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const Entry* known = known_.find(digest);
  if (known == nullptr) return std::nullopt;
  return known->info;
}

void CodeChecker::remember(const Digest& digest, const SharedModuleInfo& info) {
  const std::size_t weight = kEntryBytes + weight_of(*info);
  const std::lock_guard lock(mutex_);
  if (weight > bounds_.cache_bytes || known_.peek(digest) != nullptr) return;
  known_.insert(digest, {info, weight});
  weight_ += weight;
  while (weight_ > bounds_.cache_bytes) weight_ -= known_.pop_oldest().weight;
}

}  // namespace wasm_server
