#include "cli/text/nearest.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace wasm_server::cli {
namespace {

constexpr std::size_t kLongest = 256;  // the distance of longer words takes too long

std::optional<std::string> only_beginning(std::string_view beginning,
                                          std::span<const std::string> words) {
  const auto begins = [beginning](const std::string& word) { return word.starts_with(beginning); };
  const auto found = std::ranges::find_if(words, begins);
  if (beginning.size() < 2 || found == words.end()) return std::nullopt;
  return std::ranges::count_if(words, begins) == 1 ? std::optional(*found) : std::nullopt;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> above(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t exchanged = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, exchanged});
      const bool swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[right.size()];
}

std::optional<std::string> nearest(std::string_view mistyped, std::span<const std::string> words) {
  if (mistyped.size() > kLongest) return std::nullopt;
  std::size_t least = std::max<std::size_t>(mistyped.size() / 3, 1) + 1;
  const std::string* found = nullptr;
  for (const std::string& word : words) {
    if (word.size() > kLongest) continue;
    const std::size_t distance = edit_distance(mistyped, word);
    // A word of which nothing is left is another one.
    if (distance >= least || distance >= mistyped.size()) continue;
    least = distance;
    found = &word;
  }
  return found != nullptr ? std::optional(*found) : only_beginning(mistyped, words);
}

std::string did_you_mean(std::string_view mistyped, std::span<const std::string> words) {
  const auto word = nearest(mistyped, words);
  return word ? "; did you mean " + quote(*word) + "?" : "";
}

}  // namespace wasm_server::cli
