#include "cli/text/words.h"

#include <cstdint>

#include "base/text.h"

namespace wasm_server::cli {

Outcome<StringPairs> read_pairs(const std::vector<std::string>& words, std::string_view option) {
  StringPairs pairs;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos || equals == 0) {
      return failure(kWrongUsage,
                     std::string(option) + " takes NAME=VALUE, not " + quote(shorten(word)));
    }
    pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return pairs;
}

std::optional<std::chrono::milliseconds> read_duration(std::string_view text) {
  constexpr std::uint64_t kMost = 365ULL * 24 * 3600 * 1000;
  std::uint64_t unit = 1;
  if (text.ends_with("ms")) {
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    unit = 1000;
    text.remove_suffix(1);
  } else if (text.ends_with('m')) {
    unit = 60'000;
    text.remove_suffix(1);
  }
  const auto count = parse_positive(text);
  if (!count || *count > kMost / unit) return std::nullopt;
  return std::chrono::milliseconds(*count * unit);
}

}  // namespace wasm_server::cli
