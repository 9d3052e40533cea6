#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace wasm_server::cli {

struct Cell {
  std::string text;  // escaped where it is printed
  Colour colour = Colour::kNone;
};

// Rows of equally many cells, as lines with columns below each other.
std::string table(const Terminal& terminal, const std::vector<std::vector<Cell>>& rows);

}  // namespace wasm_server::cli
