#include "handlers/code_checker.h"

#include <string>
#include <utility>

#include "engine/inspect.h"

namespace wasm_server {
namespace {

constexpr std::size_t kEntryBytes = 256;  // list node, map node, shared_ptr's block

}  // namespace

Result<NewCode> CodeChecker::check(Bytes wasm) {
  NewCode code;
  compute(wasm, [&] { code.digest = sha256(wasm); });
  if (auto known = find(code.digest)) {
    code.info = *std::move(known);
  } else {
    Result<SharedModuleInfo> examined;
    compute(wasm, [&] { examined = examine(wasm); });
    if (!examined) return std::unexpected{std::move(examined).error()};
    code.info = *std::move(examined);
    remember(code.digest, code.info);
  }
  code.bytes = std::make_shared<const Bytes>(std::move(wasm));
  return code;
}

// Checking a large module takes milliseconds, for which a running call would notice a thread beside
// it.
void CodeChecker::compute(ByteView wasm, const std::function<void()>& work) const {
  if (wasm.size() < Engine::kLargeModule) return work();
  engine_.in_spare_time(work);
}

Result<SharedModuleInfo> CodeChecker::examine(ByteView wasm) const {
  Result<void> valid = engine_.validate(wasm);
  if (!valid) return std::unexpected{std::move(valid).error()};
  Result<ModuleInfo> found = inspect(wasm);
  if (!found) return std::unexpected{std::move(found).error()};
  if (const std::size_t weight = weight_of(*found); weight > bounds_.info_bytes) {
    return fail(ErrorCode::kInvalidModule,
                "the module exports and imports too much: its functions' names and types take " +
                    std::to_string(weight) + " bytes, and at most " +
                    std::to_string(bounds_.info_bytes) + " are kept");
  }
  return *std::move(found);
}

std::optional<SharedModuleInfo> CodeChecker::find(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto known = by_digest_.find(digest);
  if (known == by_digest_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, known->second);
  return known->second->info;
}

void CodeChecker::remember(const Digest& digest, const SharedModuleInfo& info) {
  const std::size_t weight = kEntryBytes + weight_of(*info);
  const std::lock_guard lock(mutex_);
  if (weight > bounds_.cache_bytes || by_digest_.contains(digest)) return;
  entries_.push_front({digest, info, weight});
  by_digest_.emplace(digest, entries_.begin());
  for (weight_ += weight; weight_ > bounds_.cache_bytes; entries_.pop_back()) {
    weight_ -= entries_.back().weight;
    by_digest_.erase(entries_.back().digest);
  }
}

}  // namespace wasm_server
