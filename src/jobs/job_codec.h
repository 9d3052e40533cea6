#pragma once

// Jobs as bytes, for logs of them, which other nodes and later versions read: what stands here is
// kept readable. The notation is that of model/module_codec.h; an optional is u8 0, or u8 1 and the
// value.
//
//   entry          version u8 = 1, list of jobs (texts): what the runner does at once
//   job            version u8 = 3, type u8, id text, job_id text, time u64, optional run_function
//                  text, optional code; then by the type
//                  SAVE    change, preconditions
//                  MODIFY  change, optional revision varint, preconditions
//                  DELETE  preconditions
//   code           digest, size varint, info; its bytes travel beside the job
//   change         optionals: list of named params (name text, optional type), labels map, limits,
//                  env map, secrets map, args list of texts, output_types list of texts,
//                  egress list of texts
//   preconditions  mask u8 (1: If-Match: *, 2: If-None-Match: *), lists of texts: If-Match,
//                  If-None-Match

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/wasm_job.h"

namespace wasm_server {

std::string encode_job(const WasmJob& job);
// Any bytes may be given: what is not a job is kInternal, with a log text. The code has no bytes.
Result<WasmJob> decode_job(std::string_view bytes);

std::string encode_entry(std::span<const WasmJob* const> jobs);
Result<std::vector<WasmJob>> decode_entry(std::string_view bytes);

}  // namespace wasm_server
