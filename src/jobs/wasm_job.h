#pragma once

// A write as the runner gets it: self-contained (ids, times, digest and what validation found are
// in it) and deterministic, so that applying the same job to the same database gives the same
// bytes, here or on another node.
//
// A new type of job is a value of JobType, a struct with what only this type needs, which is the
// alternative of JobDetails at the same place, its codec (jobs/job_codec.h) and a file that applies
// it (runner/apply_*.cc).

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"
#include "jobs/preconditions.h"
#include "jobs/wasm_request.h"
#include "model/access_token.h"
#include "model/quota.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// The numbers stand in logs of jobs: new ones go to the end.
enum class JobType : std::uint8_t {
  SAVE,
  MODIFY,
  DELETE,
  CREATE_TOKEN,
  ROTATE_TOKEN,
  REVOKE_TOKEN,
  NOTE_TOKEN_USE,
  PUT_SECRET,
  DELETE_SECRET
};

// Validated code.
struct NewCode {
  SharedBytes bytes;  // null in a job that was read from a log: the code travels beside it
  Digest digest;
  SharedModuleInfo info;
};

// What is known of a job of any type.
struct JobMetaData {
  std::string id;                           // of what it is about: a module, a token, a secret
  std::optional<std::string> run_function;  // when the client named one
  std::uint64_t size = 0;                   // of the code, 0 when the job brings none
  JobType job_type = JobType::SAVE;
  std::string job_id;  // UUIDv7
  UnixMillis time = 0;
};

// What a client says of a module beside its code and its function. Left out: a SAVE takes what the
// contract says, a MODIFY keeps what is there.
struct ModuleChange {
  std::optional<std::vector<ParamName>> param{};
  std::optional<StringMap> labels{};
  std::optional<ModuleLimits> limits{};
  std::optional<StringMap> env{};
  std::optional<StringMap> secrets{};  // goes with env
  std::optional<std::vector<std::string>> args{};
  std::optional<std::vector<std::string>> output_types{};
  std::optional<std::vector<std::string>> egress{};
};

struct SaveJob {  // always with code
  ModuleChange change{};
  Preconditions preconditions{};
};

struct ModifyJob {
  ModuleChange change{};
  std::optional<std::uint64_t> revision{};  // the one to return to
  std::uint64_t max_revisions = 0;          // so many stay, the new one included; 0: all
  Preconditions preconditions{};
};

struct DeleteJob {
  Preconditions preconditions{};
};

struct CreateTokenJob {
  AccessToken token;
};

struct RotateTokenJob {
  Digest hash;                  // of the new text
  UnixMillis former_until = 0;  // so long the old one is good too
};

struct RevokeTokenJob {};

struct NoteTokenUseJob {};  // at the job's time

struct PutSecretJob {
  std::uint64_t key_id = 0;
  Bytes sealed;
};

struct DeleteSecretJob {};

// In the order of JobType.
using JobDetails = std::variant<SaveJob, ModifyJob, DeleteJob, CreateTokenJob, RotateTokenJob,
                                RevokeTokenJob, NoteTokenUseJob, PutSecretJob, DeleteSecretJob>;

struct WasmJob {
  std::optional<NewCode> wasm;
  JobMetaData meta_data;
  JobDetails details;
};

// Puts a job together: its `job_type` and `size` follow from `details` and `wasm`.
WasmJob make_job(JobMetaData meta_data, JobDetails details, std::optional<NewCode> wasm = {});

// What a committed job left behind.
struct JobResult {
  // Of one about a module: that as it is now; for DELETE, as it was.
  WasmMetaData meta_data{};
  // Of the code that nobody referred to any more. Another job of the same batch may have stored the
  // same code again.
  std::vector<Digest> freed{};
  // Of one about a token, in the same way.
  std::optional<AccessToken> token{};
  // What is stored of the module in `meta_data` more than before.
  StoredAmount stored{};
};

}  // namespace wasm_server
