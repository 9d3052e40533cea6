#pragma once

// Conditional requests (RFC 9110, section 13).

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request.h"
#include "jobs/preconditions.h"

namespace wasm_server {

// The request's If-Match and If-None-Match. kBadRequest when one is neither "*" nor a list of
// at least one entity tag. A weak tag in If-Match keeps its W/ and so never matches, because that
// comparison is the strong one.
Result<Preconditions> parse_preconditions(const Request& request);

// The same for a write, which is of no form: the tag of any form stands for its revision
// (revision_tag).
Result<Preconditions> parse_write_preconditions(const Request& request);

enum class ReadVerdict { kProceed, kNotModified, kPreconditionFailed };

// For GET and HEAD of something that exists; `etag` is unquoted. The order is that of
// section 13.2.2.
ReadVerdict judge_read(const Preconditions& preconditions, std::string_view etag);

}  // namespace wasm_server
