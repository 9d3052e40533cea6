#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/api/api_client.h"
#include "cli/commands/commands.h"
#include "cli/progress.h"
#include "cli/text/json_view.h"
#include "cli/text/table.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "show",
    .summary = "shows a module: its functions, limits, labels and state",
    .usage = "[OPTIONS] ID",
    .description =
        "Shows what the server has about the module ID. With --json: the resource as "
        "the HTTP API gives it, without the code."};

class Show : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("ID", id_, "The module")->required();
    app.add_option("--revision", revision_, "An older one, by its number")->type_name("NUMBER");
  }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    if (session.json) {
      TRY_ASSIGN(const std::string json, api.module_json(id_, revision_));
      TRY(session.terminal.write(json + "\n"));
      return kDone;
    }
    TRY_ASSIGN(const ModuleView module, api.module(id_, revision_));
    TRY(session.terminal.write(table(session.terminal, rows_of(module))));
    return kDone;
  }

 private:
  using Rows = std::vector<std::vector<Cell>>;

  static void add(Rows& rows, const std::string& name, std::string value) {
    if (!value.empty()) rows.push_back({{name, Colour::kBold}, {std::move(value)}});
  }

  // Each pair in a row, the name of all of them in the first.
  static void add(Rows& rows, std::string name, const StringPairs& pairs) {
    for (const auto& [key, value] : pairs) {
      std::string pair(key);
      pair.append("=").append(value);
      rows.push_back({{std::exchange(name, ""), Colour::kBold}, {std::move(pair)}});
    }
  }

  static Rows rows_of(const ModuleView& module) {
    Rows rows;
    add(rows, "id", module.id);
    add(rows, "kind", module.kind);
    add(rows, "state", module.state);
    add(rows, "why", module.state_detail);
    add(rows, "revision", std::to_string(module.revision));
    add(rows, "size", size_text(module.size));
    add(rows, "digest", module.digest);
    add(rows, "runs", module.run_function);
    std::string name = "functions";
    for (const FunctionView& function : module.functions)
      rows.push_back({{std::exchange(name, ""), Colour::kBold}, {signature(function)}});
    name = "args";
    for (const std::string& arg : module.args)
      rows.push_back({{std::exchange(name, ""), Colour::kBold}, {arg}});
    name = "egress";
    for (const std::string& hosts : module.egress)
      rows.push_back({{std::exchange(name, ""), Colour::kBold}, {hosts}});
    add(rows, "env", module.env);
    add(rows, "secrets", module.secrets);
    add(rows, "labels", module.labels);
    add(rows, "limits", module.limits);
    add(rows, "created", module.created_at);
    add(rows, "updated", module.updated_at);
    return rows;
  }

  std::string id_;
  std::optional<std::uint64_t> revision_;
};

}  // namespace

std::unique_ptr<Command> show_command() { return std::make_unique<Show>(); }

}  // namespace wasm_server::cli
