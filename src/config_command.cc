#include "config_command.h"

#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "cli/text/table.h"
#include "config_file.h"
#include "config_flags.h"
#include "config_template.h"
#include "setting.h"

namespace wasm_server {
namespace {

constexpr cli::CommandText kText{
    .name = "config",
    .summary = "shows the settings in force and where each comes from",
    .usage = "[OPTIONS]",
    .description =
        "Shows the settings that `serve` would have with the same options, in this environment and "
        "with the same file. Each comes from a flag, an environment variable, the file, or is the "
        "default. A file with a key that is no setting is refused.\n"
        "\n"
        "With --client: which server the client commands talk to, and what says so.\n"
        "\n"
        "With --template: a file for --config that has every setting and its description, those "
        "that are set as they are, the others commented out."};

std::vector<Setting> client_settings(const cli::Connection& connection) {
  const cli::ServerAddress& address = connection.address;
  std::vector<Setting> settings{{"server", address.url, connection.server_from}};
  if (!address.token.empty()) settings.push_back({"token", "(secret)", connection.token_from});
  if (!address.ca_file.empty()) settings.push_back({"ca-file", address.ca_file, ""});
  return settings;
}

std::string as_table(const cli::Terminal& terminal, const std::vector<Setting>& settings) {
  using cli::Colour;
  std::vector<std::vector<cli::Cell>> rows{
      {{"SETTING", Colour::kBold}, {"VALUE", Colour::kBold}, {"FROM", Colour::kBold}}};
  for (const Setting& setting : settings) {
    const Colour colour = setting.from == "default" ? Colour::kNone : Colour::kGreen;
    rows.push_back({{setting.name}, {setting.value}, {setting.from, colour}});
  }
  return cli::table(terminal, rows);
}

std::string as_json(const std::vector<Setting>& settings) {
  std::string json = "{\"settings\":[";
  for (const Setting& setting : settings) {
    if (json.back() != '[') json += ',';
    json += "{\"name\":";
    append_json_string(json, setting.name);
    json += ",\"value\":";
    append_json_string(json, setting.value);
    json += ",\"from\":";
    append_json_string(json, setting.from);
    json += '}';
  }
  return json + "]}\n";
}

class Config : public cli::Command {
 public:
  const cli::CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app_ = &app;
    app.add_flag("--client", client_, "What the client commands use");
    app.add_flag("--template", template_, "A file of settings, with descriptions")
        ->excludes("--client");
    add_serve_flags(app, config_);
    add_config_file(app);
  }

  cli::Outcome<int> run(const cli::Session& session) override {
    if (template_) {
      TRY(session.terminal.write(config_template(*app_)));
      return cli::kDone;
    }
    std::vector<Setting> settings;
    if (client_) {
      TRY_ASSIGN(const cli::Connection connection, cli::choose_connection(session.connection));
      settings = client_settings(connection);
    } else {
      settings = settings_of(*app_);
    }
    TRY(session.terminal.write(session.json ? as_json(settings)
                                            : as_table(session.terminal, settings)));
    return cli::kDone;
  }

 private:
  const CLI::App* app_ = nullptr;
  ServeConfig config_;
  bool client_ = false;
  bool template_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> config_command() { return std::make_unique<Config>(); }

}  // namespace wasm_server
