#include "cli/text/table.h"

#include <algorithm>
#include <cstddef>

#include "cli/text/printable.h"

namespace wasm_server::cli {

std::string table(const Terminal& terminal, const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns(printable(row[i].text)));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::size_t owed = 0;  // spaces, written only before more text
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string text = printable(row[i].text);
      if (!text.empty()) out += std::string(owed, ' ') + terminal.coloured(text, row[i].colour);
      owed = (text.empty() ? owed : 0) + widths[i] - columns(text) + 2;
    }
    out += '\n';
  }
  return out;
}

}  // namespace wasm_server::cli
