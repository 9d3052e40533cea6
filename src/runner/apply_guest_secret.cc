#include <algorithm>
#include <utility>

#include "base/text.h"
#include "runner/apply.h"
#include "store/guest_secret_repository.h"

namespace wasm_server {

Result<JobResult> apply(Batch& batch, const WasmJob& job, const PutSecretJob& put) {
  GuestSecretBatch secrets{batch};
  TRY_ASSIGN(const auto former, secrets.find(job.meta_data.id));
  GuestSecret secret;
  secret.name = job.meta_data.id;
  secret.key_id = put.key_id;
  secret.sealed = put.sealed;
  secret.created_at = former ? former->created_at : job.meta_data.time;
  secret.updated_at = std::max(job.meta_data.time, former ? former->updated_at : 0);
  TRY(secrets.put(secret));
  return JobResult{};
}

Result<JobResult> apply(Batch& batch, const WasmJob& job, const DeleteSecretJob&) {
  GuestSecretBatch secrets{batch};
  TRY_ASSIGN(const auto found, secrets.find(job.meta_data.id));
  if (!found) return fail(ErrorCode::kNotFound, "there is no secret " + quote(job.meta_data.id));
  TRY(secrets.erase(job.meta_data.id));
  return JobResult{};
}

}  // namespace wasm_server
