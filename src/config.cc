#include "config.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/run_command.h"
#include "cli/text/nearest.h"
#include "cli/text/printable.h"
#include "cli/version.h"
#include "commands.h"
#include "config_file.h"
#include "config_flags.h"
#include "handlers/route_table.h"

namespace wasm_server {
namespace {

ExitNow wrong_usage(const std::string& why) {
  return {2, "wasm-server: " + cli::printable(why) + "\n"};
}

// Parses what stands behind a command's name; empty when that went well.
std::optional<ExitNow> parse(CLI::App& app, const cli::CommandText& text,
                             std::vector<std::string> arguments) {
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return ExitNow{0, cli::help_text(app, text)};
  } catch (const CLI::ParseError& error) {
    return wrong_usage(cli::usage_error(app, error));
  }
  return std::nullopt;
}

Command parse_serve(std::vector<std::string> arguments) {
  ServeConfig config;
  CLI::App app("", "wasm-server serve");
  app.get_formatter()->column_width(44);
  app.set_help_flag("--help", "Print this and exit")->group("Server");
  add_serve_flags(app, config);
  add_config_file(app);
  if (auto exit = parse(app, kServeText, std::move(arguments))) return *std::move(exit);
  for (auto* file :
       {&config.tls.certificate, &config.tls.key, &config.tls.client_ca, &config.secret_key_file}) {
    if (*file == kNoSetting) file->clear();
  }
  for (auto* list : {&config.origins.cors_origins, &config.origins.allowed_hosts}) {
    std::erase(*list, kNoSetting);
  }
  config.engine.max_memory_bytes = config.limits.maxima.memory_bytes;
  config.settings = settings_of(app);
  return config;
}

ExitNow unknown_command(const std::string& command) {
  std::vector<std::string> names;
  for (const auto& known : all_commands()) names.emplace_back(known->text().name);
  return wrong_usage("unknown command " + quote(shorten(command)) +
                     cli::did_you_mean(command, names) + " (see wasm-server --help)");
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  const std::span<const char* const> all(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string> arguments(all.begin() + std::min<std::ptrdiff_t>(argc, 1),
                                           all.end());
  if (arguments.empty()) return wrong_usage("a command is missing (see wasm-server --help)");
  const std::string& command = arguments.front();
  if (command == "--version")
    return ExitNow{0, "wasm-server " + std::string(kProgramVersion) + "\n"};
  if (command == "--help" || command == "help" || command == "-h")
    return ExitNow{0, overview(all_commands())};
  // For scripts; what a person wants to know stands in docs/http.md.
  if (command == "routes") return ExitNow{0, routes_json()};
  const std::vector<std::string> behind(arguments.begin() + 1, arguments.end());
  if (command == "serve") return parse_serve(behind);
  return unknown_command(command);
}

}  // namespace wasm_server
