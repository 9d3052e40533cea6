#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/man_page.h"
#include "cli/text/nearest.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "man",
    .summary = "prints a manual page",
    .usage = "[COMMAND]",
    .description =
        "Prints the manual page of the program, or of COMMAND, for man(1) to show:\n"
        "\n"
        "wasm-server man run | man -l -"};

class Man : public Command {
 public:
  const CommandText& text() const override { return kText; }
  bool connects() const override { return false; }
  bool answers_json() const override { return false; }

  void define(CLI::App& app) override {
    app.add_option("COMMAND", command_, "The command; without it: the program");
  }

  Outcome<int> run(const Session& session) override {
    std::vector<std::string> names;
    for (const auto& command : session.commands) names.emplace_back(command->text().name);
    const auto found = std::ranges::find(names, command_);
    if (!command_.empty() && found == names.end()) {
      return failure(kWrongUsage,
                     "unknown command " + quote(shorten(command_)) + did_you_mean(command_, names));
    }
    const std::string page =
        command_.empty()
            ? man_overview(session.commands)
            : man_page(*session.commands[static_cast<std::size_t>(found - names.begin())]);
    TRY(session.terminal.write(page));
    return kDone;
  }

 private:
  std::string command_;
};

}  // namespace

std::unique_ptr<Command> man_command() { return std::make_unique<Man>(); }

}  // namespace wasm_server::cli
