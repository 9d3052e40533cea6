#pragma once

#include "jobs/job_log.h"
#include "store/kv.h"

namespace wasm_server {

// The log of a single node: an entry is a part of the write in which the store commits what its
// jobs do, and is kept as long as the store keeps that write (Store::read_entries()).
class StoreJobLog final : public JobLog {
 public:
  // `store` must outlive this.
  explicit StoreJobLog(const Store& store) : store_(store) {}

  Result<Appended> append(std::span<const WasmJob* const> jobs) override;
  Result<void> read(std::uint64_t from, const Visit& visit) const override;

 private:
  const Store& store_;
};

}  // namespace wasm_server
