#include "cli/bench/server_timing.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

#include "base/text.h"

namespace wasm_server::cli {
namespace {

constexpr double kLongestMillis = 1e9;

std::optional<double> read_duration(std::string_view text) {
  double millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !(millis >= 0 && millis <= kLongestMillis)) return std::nullopt;
  return millis;
}

double* part_of(ServerTiming& timing, std::string_view name) {
  if (name == "queue") return &timing.queue;
  if (name == "instantiate") return &timing.instantiate;
  return name == "run" ? &timing.run : nullptr;
}

}  // namespace

std::optional<ServerTiming> read_server_timing(std::string_view header) {
  ServerTiming timing;
  bool found = false;
  while (!header.empty()) {
    const std::string_view metric = trim(header.substr(0, header.find(',')));
    header.remove_prefix(std::min(header.find(','), header.size() - 1) + 1);
    const std::size_t semicolon = metric.find(';');
    double* const part = part_of(timing, trim(metric.substr(0, semicolon)));
    if (part == nullptr) continue;
    constexpr std::string_view kDuration = "dur=";
    const std::string_view value =
        semicolon == metric.npos ? std::string_view{} : trim(metric.substr(semicolon + 1));
    if (!value.starts_with(kDuration)) return std::nullopt;
    const auto millis = read_duration(value.substr(kDuration.size()));
    if (!millis) return std::nullopt;
    *part = *millis;
    found = true;
  }
  return found ? std::optional(timing) : std::nullopt;
}

}  // namespace wasm_server::cli
