#pragma once

// A write as the runner gets it: self-contained (ids, times, digest and what validation found are
// in it) and deterministic, so that applying the same job to the same database gives the same
// bytes, here or on another node.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"
#include "jobs/wasm_request.h"
#include "store/wasm_storage.h"

namespace wasm_server {

enum class JobType : std::uint8_t { SAVE, MODIFY, DELETE };

// RFC 9110, section 13: entity tags without quotes. Checked by the runner, inside the transaction.
struct Preconditions {
  bool if_match_any = false;  // If-Match: *
  std::vector<std::string> if_match;
  bool if_none_match_any = false;  // If-None-Match: *
  std::vector<std::string> if_none_match;

  // `etag` is the current one, or empty when there is no such module.
  bool hold(const std::optional<std::string>& etag) const;
  bool empty() const;
};

// Validated code.
struct NewCode {
  SharedBytes bytes;
  Digest digest;
  SharedModuleInfo info;
};

struct JobMetaData {
  std::string id;  // of the module
  std::optional<std::string> run_function;
  std::uint64_t size = 0;  // of the code, 0 when the job brings none
  JobType job_type = JobType::SAVE;
  std::string job_id;  // UUIDv7
  UnixMillis time = 0;
  std::optional<std::vector<ParamName>> param;
  std::optional<StringMap> labels;
  std::optional<ModuleLimits> limits;
  std::optional<StringMap> env;
  std::optional<std::vector<std::string>> args;
  std::optional<std::uint64_t> revision;  // MODIFY: the revision to return to
  Preconditions preconditions;
};

struct WasmJob {
  std::optional<NewCode> wasm;  // always there for SAVE
  JobMetaData meta_data;
};

// What a committed job left behind: the module as it is now; for DELETE, as it was.
struct JobResult {
  WasmMetaData meta_data;
  // Of the code that nobody referred to any more. Another job of the same batch may have stored the
  // same code again.
  std::vector<Digest> freed;
};

}  // namespace wasm_server
