#include "cli/run_command.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/text.h"
#include "cli/text/nearest.h"

namespace wasm_server::cli {
namespace {

void add_connection_options(CLI::App& app, ConnectionFlags& connection) {
  const std::string group = "Server";
  app.add_option("--server", connection.server,
                 "URL of the server, or its name in the client's file (also WASM_SERVER_URL)")
      ->type_name("URL|NAME")
      ->group(group);
  app.add_option("--token", connection.token, "Access token (also WASM_SERVER_TOKEN)")
      ->type_name("TOKEN")
      ->group(group);
  app.add_option("--ca-file", connection.ca_file,
                 "Certificates (PEM) that vouch for the server, instead of the system's")
      ->type_name("FILE")
      ->group(group);
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

int complain(const Session& session, const Failure& failure) {
  session.terminal.complain(failure.message);
  return failure.code;
}

}  // namespace

void define_all(CommandDefinition& command, CLI::App& app, ConnectionFlags& connection,
                bool& json) {
  app.get_formatter()->column_width(32);
  app.set_help_flag("-h,--help", "Print this and exit");
  command.define(app);
  if (command.answers_json()) app.add_flag("--json", json, "Answer in JSON");
  if (command.connects()) add_connection_options(app, connection);
}

std::string help_text(const CLI::App& app, const CommandText& text) {
  std::string help = "wasm-server " + std::string(text.name) + ": " + std::string(text.summary) +
                     "\nUsage: wasm-server " + std::string(text.name) + " " +
                     std::string(text.usage) + "\n\n" + std::string(text.description) + "\n";
  // The formatter writes a usage line of its own first.
  const std::string formatted = app.help();
  const std::size_t options = formatted.find("\n\n", formatted.find("Usage:"));
  return options == formatted.npos ? help : help + formatted.substr(options + 1);
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string text = one_line(error.what());
  // An unknown option is the reason, also where an argument is missing because of it.
  std::vector<std::string> unknown = app.remaining();
  std::erase(unknown, "--");  // of what ends the options CLI11 says so too
  if (!unknown.empty() && unknown.front().starts_with("-")) {
    text = unknown_option(app, unknown.front());
  } else if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !unknown.empty()) {
    text = "one argument too many: " + quote(unknown.front());
  }
  return text + " (see " + app.get_name() + " --help)";
}

std::string unknown_option(const CLI::App& app, std::string_view word) {
  return "unknown option " + quote(word) + did_you_mean(word, option_names(app));
}

int run_command(Command& command, const CommandList& all, std::vector<std::string> args) {
  const Terminal terminal;
  ConnectionFlags connection;
  bool json = false;
  CLI::App app("", "wasm-server " + std::string(command.text().name));
  define_all(command, app, connection, json);
  std::ranges::reverse(args);  // as CLI11 wants them
  try {
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    return terminal.write(help_text(app, command.text())) ? kDone : kLocalTrouble;
  } catch (const CLI::ParseError& error) {
    terminal.complain(usage_error(app, error));
    return command.wrong_usage();
  }
  const Session session{terminal, connection, json, all};
  const Outcome<int> code = command.run(session);
  return code ? *code : complain(session, code.error());
}

}  // namespace wasm_server::cli
