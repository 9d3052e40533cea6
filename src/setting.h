#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the name that CLI11 has
class App;
}

namespace wasm_server {

// One of the server, as it is in force.
struct Setting {
  std::string name;   // of its flag, without the dashes
  std::string value;  // as it may be written in the file
  std::string from;   // "flag", its variable, the file, or "default"
};

// Of an `app` with the flags of `serve` and the file, when it has parsed.
std::vector<Setting> settings_of(const CLI::App& app);

}  // namespace wasm_server
