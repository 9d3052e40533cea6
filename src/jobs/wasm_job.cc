#include "jobs/wasm_job.h"

#include <type_traits>
#include <utility>

namespace wasm_server {
namespace {

template <JobType kType>
using Details = std::variant_alternative_t<std::to_underlying(kType), JobDetails>;

static_assert(std::is_same_v<Details<JobType::SAVE>, SaveJob>);
static_assert(std::is_same_v<Details<JobType::MODIFY>, ModifyJob>);
static_assert(std::is_same_v<Details<JobType::DELETE>, DeleteJob>);
static_assert(std::is_same_v<Details<JobType::CREATE_TOKEN>, CreateTokenJob>);
static_assert(std::is_same_v<Details<JobType::ROTATE_TOKEN>, RotateTokenJob>);
static_assert(std::is_same_v<Details<JobType::REVOKE_TOKEN>, RevokeTokenJob>);
static_assert(std::is_same_v<Details<JobType::NOTE_TOKEN_USE>, NoteTokenUseJob>);

}  // namespace

WasmJob make_job(JobMetaData meta_data, JobDetails details, std::optional<NewCode> wasm) {
  meta_data.job_type = static_cast<JobType>(details.index());
  meta_data.size = wasm && wasm->bytes ? wasm->bytes->size() : 0;
  return {std::move(wasm), std::move(meta_data), std::move(details)};
}

}  // namespace wasm_server
