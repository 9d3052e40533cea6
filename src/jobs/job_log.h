#pragma once

// The order of all changes: one entry a batch of the runner, numbered upwards. Whoever applies the
// same entries in their order to an empty database has the same database, so that another node can
// follow. It is the seam to a replicated log; what there is now is the store's own
// (runner/store_job_log.h).
// A log forgets what is old: who needs more than it has begins with a copy of a database, which
// says with which number it goes on (Store::applied()).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobs/wasm_job.h"

namespace wasm_server {

struct LogEntry {
  std::uint64_t sequence = 0;  // greater than that of the entry before
  std::vector<WasmJob> jobs;   // without the bytes of their code
};

// Writing belongs to the runner's thread, reading is for any.
class JobLog {
 public:
  // An entry that was given its number.
  struct Appended {
    std::uint64_t sequence = 0;
    // What is to be stored in the same write as what the jobs do: all of the entry, when that write
    // is what makes it durable, or nothing, when it is durable already.
    std::string beside;
  };
  // Returns false when it has enough.
  using Visit = std::function<Result<bool>(LogEntry)>;

  virtual ~JobLog() = default;

  // Jobs that succeed when they are applied to what the entries before have left.
  virtual Result<Appended> append(std::span<const WasmJob* const> jobs) = 0;

  // The entries from number `from` on, in their order. kNotFound when the log has forgotten some.
  virtual Result<void> read(std::uint64_t from, const Visit& visit) const = 0;
};

}  // namespace wasm_server
