// Any bytes as a job, and as an entry of a log of jobs. What is decoded and encoded again must
// decode to the same.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "check.h"
#include "jobs/job_codec.h"

namespace wasm_server {
namespace {

void run_job(std::string_view bytes) {
  const auto job = decode_job(bytes);
  if (!job) {
    FUZZ_CHECK(job.error().code == ErrorCode::kInternal);
    return;
  }
  FUZZ_CHECK(job->meta_data.job_type != JobType::SAVE || job->wasm);
  const std::string encoded = encode_job(*job);
  const auto again = decode_job(encoded);
  FUZZ_CHECK(again && encode_job(*again) == encoded);
}

void run_entry(std::string_view bytes) {
  const auto jobs = decode_entry(bytes);
  if (!jobs) return;
  std::vector<const WasmJob*> pointers;
  for (const WasmJob& job : *jobs) pointers.push_back(&job);
  const auto again = decode_entry(encode_entry(pointers));
  FUZZ_CHECK(again && again->size() == jobs->size());
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  wasm_server::run_job(bytes);
  wasm_server::run_entry(bytes);
  return 0;
}
