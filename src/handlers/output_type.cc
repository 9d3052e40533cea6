#include "handlers/output_type.h"

#include <algorithm>
#include <utility>

#include "http/ascii.h"
#include "http/request.h"

namespace wasm_server {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kBytesType = "application/octet-stream";

// Takes the text before the next `separator` off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::string_view item = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(item.size() + 1, rest.size()));
  return trim(item);
}

// `;q=...`, if the range has it.
std::string weight_of(std::string_view range) {
  take(range, ';');
  while (!range.empty()) {
    const std::string_view parameter = take(range, ';');
    std::string_view value = parameter;
    if (equals_lower(take(value, '='), "q")) return ';' + std::string(parameter);
  }
  return {};
}

// The first ranges in lower case, with no parameter but q.
std::string plain_ranges(std::string_view accept) {
  std::string ranges;
  for (std::size_t i = 0; i < kMostRanges && !accept.empty(); ++i) {
    const std::string_view range = take(accept, ',');
    if (range.empty()) continue;
    if (!ranges.empty()) ranges += ',';
    ranges += media_type(range);
    ranges += weight_of(range);
  }
  return ranges;
}

// Where a range stands for several types, the one that says least about the bytes.
std::string_view concrete_type(std::string_view range) {
  if (range == "text/*") return "text/plain";
  return range.ends_with("/*") ? kBytesType : range;
}

// Not a range that JSON is in as well.
bool names_another(std::string_view range) {
  return range.find('/') != range.npos && !range.starts_with("*/") && range != kJsonType &&
         range != "application/*";
}

std::unexpected<Error> not_acceptable(std::string_view what) {
  return fail(ErrorCode::kNotAcceptable, std::string(what));
}

}  // namespace

Result<void> check_result_type(std::string_view accept) {
  if (accept_quality(plain_ranges(accept), kJsonType) > 0) return {};
  return not_acceptable("the results of a function are available as application/json");
}

Result<std::optional<std::string>> choose_output_type(std::string_view accept) {
  const std::string ranges = plain_ranges(accept);
  double best = accept_quality(ranges, kJsonType);
  std::optional<std::string> chosen;
  for (std::string_view rest = ranges; !rest.empty();) {
    std::string_view range = take(rest, ',');
    range = take(range, ';');
    if (!names_another(range)) continue;
    const std::string_view type = concrete_type(range);
    const double quality = accept_quality(ranges, type);
    if (quality > best) {
      best = quality;
      chosen = type;
    }
  }
  if (best > 0) return chosen;
  if (accept_quality(ranges, kBytesType) > 0) return std::string(kBytesType);
  return not_acceptable("the output is available as application/json and as it is");
}

}  // namespace wasm_server
