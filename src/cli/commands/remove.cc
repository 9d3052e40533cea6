#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "cli/api/api_client.h"
#include "cli/commands/commands.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "rm",
    .summary = "deletes modules, with all their revisions",
    .usage = "[OPTIONS] ID...",
    .description =
        "Deletes the modules of these ids. It stops at the first that cannot be "
        "deleted; those before it are gone then."};

class Remove : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override { app.add_option("ID", ids_, "The modules")->required(); }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    for (const std::string& id : ids_) {
      TRY(api.remove(id));
    }
    if (!session.json) return kDone;
    std::string json = "{\"deleted\":[";
    for (const std::string& id : ids_) {
      if (json.back() != '[') json += ',';
      append_json_string(json, id);
    }
    TRY(session.terminal.write(json + "]}\n"));
    return kDone;
  }

 private:
  std::vector<std::string> ids_;
};

}  // namespace

std::unique_ptr<Command> remove_command() { return std::make_unique<Remove>(); }

}  // namespace wasm_server::cli
