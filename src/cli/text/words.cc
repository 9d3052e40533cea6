#include "cli/text/words.h"

#include <algorithm>
#include <array>
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
  struct Unit {
    std::string_view name;
    std::uint64_t millis;
  };
  constexpr std::uint64_t kSecond = 1000;
  constexpr std::uint64_t kDay = 24 * 3600 * kSecond;
  constexpr std::array kUnits{Unit{"ms", 1}, Unit{"s", kSecond}, Unit{"m", 60 * kSecond},
                              Unit{"h", 3600 * kSecond}, Unit{"d", kDay}};
  const auto* const unit = std::ranges::find_if(
      kUnits, [text](const Unit& candidate) { return text.ends_with(candidate.name); });
  std::uint64_t millis = 1;
  if (unit != kUnits.end()) {
    millis = unit->millis;
    text.remove_suffix(unit->name.size());
  }
  const auto count = parse_positive(text);
  if (!count || *count > 36'525 * kDay / millis) return std::nullopt;
  return std::chrono::milliseconds(*count * millis);
}

}  // namespace wasm_server::cli
