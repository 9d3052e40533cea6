#include "handlers/execute/output_type.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/media.h"

namespace wasm_server {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kBytesType = "application/octet-stream";
constexpr std::string_view kTextType = "text/plain";

// What the names of types have in them that a browser runs, or reads as what it runs.
constexpr std::string_view kRunnable[] = {"html", "xml",  "svg",   "script", "css",     "xsl",
                                          "java", "pdf",  "flash", "rdf",    "mathml",  "vrml",
                                          "hta",  "xaml", "xul",   "mixed",  "manifest"};

// Where a range stands for several types, the one that says least about the bytes.
std::string_view concrete_type(std::string_view range) {
  if (range == "text/*") return kTextType;
  return range.ends_with("/*") ? kBytesType : range;
}

// Not a range that JSON is in as well.
bool names_another(std::string_view range) {
  return range.find('/') != range.npos && !range.starts_with("*/") && range != kJsonType &&
         range != "application/*";
}

struct Choice {
  std::optional<std::string> type;  // empty: JSON
  double quality = 0;
};

// The best that is admitted, among all types or among those that no browser runs.
Choice choose(const Accept& accepted, bool inert_only, std::span<const std::string> also) {
  Choice best{std::nullopt, accepted.quality(kJsonType)};
  for (const MediaRange& range : accepted.ranges()) {
    const std::string lower = to_lower(range.type);
    if (!names_another(lower)) continue;
    const std::string_view type = concrete_type(lower);
    if (inert_only && runs_in_browser(type) && std::ranges::find(also, type) == also.end())
      continue;
    const double quality = accepted.quality(type);
    if (quality > best.quality) best = {std::string(type), quality};
  }
  return best;
}

std::unexpected<Error> not_acceptable(std::string_view what) {
  return fail(ErrorCode::kNotAcceptable, std::string(what));
}

}  // namespace

Result<void> check_result_type(std::string_view accept) {
  const Accept accepted(accept, Accept::Parameters::kIgnored);
  if (accepted.quality(kJsonType) > 0) return {};
  return not_acceptable("the results of a function are available as application/json");
}

bool runs_in_browser(std::string_view type) {
  if (type.starts_with("multipart/") || type.starts_with("message/")) return true;
  return std::ranges::any_of(
      kRunnable, [type](std::string_view part) { return type.find(part) != type.npos; });
}

Result<std::optional<std::string>> choose_output_type(std::string_view accept,
                                                      std::span<const std::string> output_types) {
  const Accept accepted(accept, Accept::Parameters::kIgnored);
  const Choice asked = choose(accepted, false, {});
  Choice chosen = choose(accepted, true, output_types);
  if (asked.type != chosen.type) {
    const double plain = accepted.quality(kTextType);
    if (plain > 0 && plain >= accepted.quality(kJsonType)) return std::string(kTextType);
  }
  if (chosen.quality > 0) return std::move(chosen.type);
  if (accepted.quality(kBytesType) > 0) return std::string(kBytesType);
  if (asked.quality > 0) {
    return not_acceptable("a browser would run " + *asked.type +
                          ": the module has to name that type in its output_types");
  }
  return not_acceptable("the output is available as application/json and as it is");
}

}  // namespace wasm_server
