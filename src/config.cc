#include "config.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "config_flags.h"

namespace wasm_server {
namespace {

constexpr const char* kUsage =
    "Usage: wasm-server serve [--listen HOST:PORT] [--data DIR] [--workers N] [--config FILE] ...\n"
    "       wasm-server serve --help\n"
    "       wasm-server --version\n";

std::string environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

// CLI11 takes the file before the environment; this leaves out of the file what the environment
// has.
class FileBehindEnvironment : public CLI::ConfigTOML {
 public:
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> settings = CLI::ConfigTOML::from_config(input);
    std::erase_if(settings, [](const CLI::ConfigItem& item) {
      return item.parents.empty() && !environment(environment_name(item.name)).empty();
    });
    return settings;
  }
};

void add_config_file(CLI::App& app) {
  const std::string variable = environment_name("config");
  const std::string file = environment(variable);
  app.config_formatter(std::make_shared<FileBehindEnvironment>());
  app.allow_config_extras(CLI::config_extras_mode::error);
  // With a variable the file must be there, as with the flag.
  app.set_config("--config", file, "File of settings: lines like max-body-bytes = \"64MiB\" (TOML)",
                 !file.empty())
      ->type_name("FILE")
      ->envname(variable)
      ->group("Server");
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

ExitNow wrong_usage(const std::string& why) {
  return {2, "wasm-server: " + one_line(why) + " (see wasm-server serve --help)\n"};
}

std::variant<ServeConfig, ExitNow> parse_serve(std::vector<std::string> arguments) {
  ServeConfig config;
  CLI::App app("Stores WebAssembly modules and executes them over HTTP.", "wasm-server serve");
  app.get_formatter()->column_width(44);
  app.set_help_flag("--help", "Print this and exit")->group("Server");
  add_serve_flags(app, config);
  add_config_file(app);
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return ExitNow{0, app.help()};
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what());
  }
  config.engine.max_memory_bytes = config.limits.maxima.memory_bytes;
  return config;
}

}  // namespace

std::variant<ServeConfig, ExitNow> parse_command_line(int argc, const char* const* argv) {
  const std::span<const char* const> all(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string> arguments(all.begin() + std::min<std::ptrdiff_t>(argc, 1),
                                           all.end());
  if (arguments.empty()) return wrong_usage("a command is missing: serve");
  const std::string& command = arguments.front();
  if (command == "--version") return ExitNow{0, "wasm-server " + std::string(kVersion) + "\n"};
  if (command == "--help" || command == "help") return ExitNow{0, kUsage};
  if (command != "serve") return wrong_usage("unknown command \"" + command + "\"");
  return parse_serve({arguments.begin() + 1, arguments.end()});
}

}  // namespace wasm_server
