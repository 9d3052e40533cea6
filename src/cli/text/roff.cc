#include "cli/text/roff.h"

#include <cctype>
#include <cstddef>
#include <sstream>

namespace wasm_server::cli {
namespace {

constexpr std::size_t kLineBytes = 80;

bool ends_sentence(const std::string& word) {
  return word.ends_with('.') || word.ends_with('?') || word.ends_with('!');
}

}  // namespace

std::string roff_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string roff_text(std::string_view text) {
  std::string out;
  std::string line;
  const auto end_line = [&] {
    if (!line.empty()) out += line + "\n";
    line.clear();
  };
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::string escaped = roff_escape(word);
    if (!line.empty() && line.size() + 1 + escaped.size() > kLineBytes) end_line();
    line += (line.empty() ? "" : " ") + escaped;
    if (ends_sentence(word)) end_line();
  }
  end_line();
  return out;
}

}  // namespace wasm_server::cli
