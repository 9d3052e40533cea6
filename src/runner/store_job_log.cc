#include "runner/store_job_log.h"

#include <utility>

#include "jobs/job_codec.h"

namespace wasm_server {

Result<JobLog::Appended> StoreJobLog::append(std::span<const WasmJob* const> jobs) {
  return Appended{store_.applied() + 1, encode_entry(jobs)};
}

Result<void> StoreJobLog::read(std::uint64_t from, const Visit& visit) const {
  return store_.read_entries(
      from, [&visit](std::uint64_t number, std::string_view bytes) -> Result<bool> {
        TRY_ASSIGN(auto jobs, decode_entry(bytes));
        return visit({number, std::move(jobs)});
      });
}

}  // namespace wasm_server
