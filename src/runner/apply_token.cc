#include <algorithm>
#include <utility>

#include "base/text.h"
#include "runner/apply.h"
#include "store/token_repository.h"

namespace wasm_server {
namespace {

JobResult result_of(AccessToken token) {
  JobResult result;
  result.token = std::move(token);
  return result;
}

Result<AccessToken> find_token(const TokenBatch& tokens, const WasmJob& job) {
  TRY_ASSIGN(auto found, tokens.find(job.meta_data.id));
  if (found) return *std::move(found);
  return fail(ErrorCode::kNotFound, "there is no token " + quote(job.meta_data.id));
}

}  // namespace

Result<JobResult> apply(Batch& batch, const WasmJob& job, const CreateTokenJob& create) {
  TokenBatch tokens{batch};
  TRY_ASSIGN(const auto found, tokens.find(job.meta_data.id));
  if (found)
    return fail(ErrorCode::kConflict, "there is a token " + quote(job.meta_data.id) + " already");
  TRY(tokens.put(create.token));
  return result_of(create.token);
}

Result<JobResult> apply(Batch& batch, const WasmJob& job, const RotateTokenJob& rotate) {
  TokenBatch tokens{batch};
  TRY_ASSIGN(AccessToken token, find_token(tokens, job));
  token.former_hash = std::exchange(token.hash, rotate.hash);
  token.former_until = rotate.former_until;
  TRY(tokens.put(token));
  return result_of(std::move(token));
}

Result<JobResult> apply(Batch& batch, const WasmJob& job, const RevokeTokenJob&) {
  TokenBatch tokens{batch};
  TRY_ASSIGN(AccessToken token, find_token(tokens, job));
  TRY(tokens.erase(job.meta_data.id));
  return result_of(std::move(token));
}

Result<JobResult> apply(Batch& batch, const WasmJob& job, const NoteTokenUseJob&) {
  TokenBatch tokens{batch};
  TRY_ASSIGN(AccessToken token, find_token(tokens, job));
  token.last_used_at = std::max(token.last_used_at.value_or(0), job.meta_data.time);
  TRY(tokens.put(token));
  return result_of(std::move(token));
}

}  // namespace wasm_server
