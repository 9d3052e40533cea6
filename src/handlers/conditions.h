#pragma once

// Conditional requests (RFC 9110, section 13). The tag of a module is its revision and digest
// (etag_of).

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request.h"
#include "jobs/wasm_job.h"

namespace wasm_server {

// The request's If-Match and If-None-Match. kBadRequest when one is neither "*" nor a list of
// entity tags, of which there must be one. A weak tag in If-Match stays in its list with its W/,
// where it never matches: that comparison is the strong one.
Result<Preconditions> parse_preconditions(const Request& request);

enum class ReadVerdict { kProceed, kNotModified, kPreconditionFailed };

// For GET and HEAD of something that exists; `etag` is unquoted. The order is that of
// section 13.2.2.
ReadVerdict judge_read(const Preconditions& preconditions, std::string_view etag);

// With its quotes, as the header has it.
std::string quoted(std::string_view etag);

}  // namespace wasm_server
