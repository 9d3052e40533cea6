#include "cli/version.h"

#include <string>

#include "cli/commands/commands.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{.name = "version",
                            .summary = "says which version this is",
                            .usage = "[--json]",
                            .description = "Prints the version of this program."};

class Version : public Command {
 public:
  const CommandText& text() const override { return kText; }
  void define(CLI::App& /*app*/) override {}
  bool connects() const override { return false; }

  Outcome<int> run(const Session& session) override {
    const std::string version(kProgramVersion);
    TRY(session.terminal.write(session.json ? "{\"version\":\"" + version + "\"}\n"
                                            : "wasm-server " + version + "\n"));
    return kDone;
  }
};

}  // namespace

std::unique_ptr<Command> version_command() { return std::make_unique<Version>(); }

}  // namespace wasm_server::cli
