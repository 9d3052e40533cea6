#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "jobs/job_log.h"
#include "store/kv.h"

namespace wasm_server {

// The bytes of code that travels beside a log.
using CodeSource = std::function<Result<SharedBytes>(const Digest&)>;

// Does what an entry of a log says, in one commit which also notes its number. An entry that was
// applied before is left alone, so that it may come twice, and a crash does not matter. kInternal
// when a job fails that succeeded where the entry was made: the databases differ. Belongs to the
// thread that writes the store.
Result<void> apply_entry(Store& store, LogEntry entry, const CodeSource& code);

}  // namespace wasm_server
