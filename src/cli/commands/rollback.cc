#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "cli/api/api_client.h"
#include "cli/commands/commands.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "rollback",
    .summary = "goes back to an older revision of a module",
    .usage = "[OPTIONS] ID [REVISION]",
    .description =
        "Makes a new revision of the module ID that is equal to REVISION, or to the "
        "one before the newest. The others stay as they are."};

class Rollback : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("ID", id_, "The module")->required();
    app.add_option("REVISION", revision_, "The revision to go back to, by its number");
  }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    TRY_ASSIGN(const ModuleView before, api.module(id_));
    if (!revision_ && before.revision < 2) {
      return failure(kRefused, before.id + " has no older revision");
    }
    const std::uint64_t revision = revision_.value_or(before.revision - 1);
    TRY_ASSIGN(const ModuleView after,
               api.modify(before, "{\"revision\":" + std::to_string(revision) + "}"));
    TRY(print_revision(session, api, after));
    return kDone;
  }

 private:
  std::string id_;
  std::optional<std::uint64_t> revision_;
};

}  // namespace

std::unique_ptr<Command> rollback_command() { return std::make_unique<Rollback>(); }

}  // namespace wasm_server::cli
