#include "cli/commands/commands.h"

#include <string>
#include <utility>

#include "base/json.h"
#include "cli/progress.h"
#include "cli/text/json_view.h"
#include "cli/text/printable.h"
#include "cli/text/table.h"

namespace wasm_server::cli {

namespace {

// Of a list of texts all of them, of what is not there a dash.
std::string cell_text(JsonValue item, std::string_view name) {
  std::string text(text_member(item, name));
  if (const auto list = array_member(item, name)) {
    for (const JsonValue element : *list) {
      if (!text.empty()) text += ',';
      if (element.kind() == JsonKind::kString) text += element.text();
    }
  }
  return text.empty() ? "-" : text;
}

}  // namespace

std::vector<std::unique_ptr<Command>> client_commands(const OpenData& open_data) {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(put_command());
  commands.push_back(list_command());
  commands.push_back(show_command());
  commands.push_back(get_command());
  commands.push_back(run_guest_command());
  commands.push_back(update_command());
  commands.push_back(rollback_command());
  commands.push_back(remove_command());
  commands.push_back(logs_command());
  commands.push_back(bench_command());
  commands.push_back(token_command(open_data));
  commands.push_back(secret_command(open_data));
  commands.push_back(backup_command(open_data));
  commands.push_back(completion_command());
  commands.push_back(man_command());
  commands.push_back(version_command());
  return commands;
}

Outcome<ServerAddress> chosen_server(const Session& session) {
  TRY_ASSIGN(Connection connection, choose_connection(session.connection));
  return std::move(connection.address);
}

Outcome<DataServer> chosen_server_or_data(const Session& session, const std::string& data,
                                          const OpenData& open_data) {
  if (!data.empty() && !session.connection.server.empty())
    return failure(kWrongUsage, "--data and --server are two servers: give one of them");
  if (!data.empty()) return open_data(data);
  TRY_ASSIGN(ServerAddress server, chosen_server(session));
  return DataServer{std::move(server), nullptr};
}

Outcome<int> print_items(const Session& session, ApiClient& api, std::string target,
                         std::span<const Column> columns) {
  HttpRequest request;
  request.target = std::move(target);
  TRY_ASSIGN(const HttpAnswer answer, api.call(request));
  if (session.json) {
    TRY(session.terminal.write(answer.body + "\n"));
    return kDone;
  }
  const auto document = parse_json(std::string_view(answer.body));
  const auto items = document ? array_member(document->root(), "items") : std::nullopt;
  if (!items) return std::unexpected{api.no_answer_of_ours()};
  std::vector<std::vector<Cell>> rows(1);
  for (const Column& column : columns) rows.front().push_back({column.title, Colour::kBold});
  for (const JsonValue item : *items) {
    std::vector<Cell>& row = rows.emplace_back();
    for (const Column& column : columns) row.push_back({cell_text(item, column.member)});
  }
  TRY(session.terminal.write(table(session.terminal, rows)));
  return kDone;
}

Outcome<void> print_revision(const Session& session, ApiClient& api, const ModuleView& module,
                             std::string_view remark) {
  if (session.json) {
    TRY_ASSIGN(const std::string json, api.module_json(module.id, module.revision));
    return session.terminal.write(json + "\n");
  }
  std::string line = module.id + ": revision " + std::to_string(module.revision) + ", " +
                     size_text(module.size) + ", " + module.state;
  if (!remark.empty()) line += ", " + std::string(remark);
  return session.terminal.write(printable(line) + "\n");
}

}  // namespace wasm_server::cli
