#include "commands.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "care_commands.h"
#include "cli/commands/commands.h"
#include "config_command.h"
#include "config_file.h"
#include "config_flags.h"
#include "data_server.h"

namespace wasm_server {
namespace {

class ServeDefinition : public cli::CommandDefinition {
 public:
  const cli::CommandText& text() const override { return kServeText; }

  void define(CLI::App& app) override {
    add_serve_flags(app, config_);
    add_config_file(app);
  }

 private:
  ServeConfig config_;
};

// Those that work on what belongs to a server.
std::vector<std::unique_ptr<cli::Command>> own_commands() {
  std::vector<std::unique_ptr<cli::Command>> commands;
  commands.push_back(check_command());
  commands.push_back(restore_command());
  commands.push_back(compact_command());
  commands.push_back(config_command());
  for (auto& command : cli::client_commands(open_data)) commands.push_back(std::move(command));
  return commands;
}

}  // namespace

std::unique_ptr<cli::Command> find_command(std::string_view name) {
  for (auto& command : own_commands()) {
    if (command->text().name == name) return std::move(command);
  }
  return nullptr;
}

cli::CommandList all_commands() {
  cli::CommandList commands;
  commands.push_back(std::make_unique<ServeDefinition>());
  for (auto& command : own_commands()) commands.push_back(std::move(command));
  return commands;
}

std::string overview(const cli::CommandList& commands) {
  std::size_t width = 0;
  for (const auto& command : commands) width = std::max(width, command->text().name.size());
  std::string text =
      "Usage: wasm-server COMMAND [OPTIONS] ...\n"
      "       wasm-server COMMAND --help\n"
      "       wasm-server --version\n\n";
  for (const auto& command : commands) {
    const std::string name(command->text().name);
    text += "  " + name + std::string(width - name.size() + 2, ' ') +
            std::string(command->text().summary) + "\n";
  }
  return text;
}

}  // namespace wasm_server
