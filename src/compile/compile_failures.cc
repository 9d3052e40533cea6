#include "compile/compile_failures.h"

namespace wasm_server {

void CompileFailures::remember(const Digest& digest, const Error& error) {
  if (error.code != ErrorCode::kInvalidModule && error.code != ErrorCode::kMemoryLimit) return;
  if (!errors_.emplace(digest, error).second) return;
  order_.push_back(digest);
  if (order_.size() <= kMost) return;
  errors_.erase(order_.front());
  order_.pop_front();
}

void CompileFailures::forget(const Digest& digest) { errors_.erase(digest); }

const Error* CompileFailures::find(const Digest& digest) const {
  const auto found = errors_.find(digest);
  return found == errors_.end() ? nullptr : &found->second;
}

}  // namespace wasm_server
