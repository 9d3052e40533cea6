#include "cli/shell/usage.h"

#include <sstream>

namespace wasm_server::cli {
namespace {

std::string without_brackets(std::string word) {
  if (word.starts_with('[')) word.erase(0, 1);
  if (word.ends_with(']')) word.pop_back();
  return word;
}

}  // namespace

std::optional<std::string> positional_type(std::string_view usage, std::size_t place) {
  std::istringstream words{std::string(usage)};
  for (std::string word; words >> word;) {
    word = without_brackets(word);
    if (word == "OPTIONS" || word.starts_with("--")) continue;
    const bool repeats = word.ends_with("...");
    if (repeats) word.erase(word.size() - 3);
    if (repeats || place == 0) return word;
    --place;
  }
  return std::nullopt;
}

}  // namespace wasm_server::cli
