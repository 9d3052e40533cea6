#include <string>

#include "cli/commands/commands.h"
#include "cli/shell/scripts.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "completion",
    .summary = "prints a shell's completion script",
    .usage = "SHELL",
    .description =
        "Prints what makes the shell complete commands, options, files and the ids of modules, "
        "which it asks the server for. SHELL is bash, zsh or fish.\n"
        "\n"
        "bash: source <(wasm-server completion bash)\n"
        "\n"
        "zsh: source <(wasm-server completion zsh), after compinit\n"
        "\n"
        "fish: wasm-server completion fish | source"};

class CompletionScript : public Command {
 public:
  const CommandText& text() const override { return kText; }
  bool connects() const override { return false; }
  bool answers_json() const override { return false; }

  void define(CLI::App& app) override {
    app.add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  }

  Outcome<int> run(const Session& session) override {
    TRY(session.terminal.write(completion_script(shell_).value_or("")));
    return kDone;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> completion_command() { return std::make_unique<CompletionScript>(); }

}  // namespace wasm_server::cli
