#include "config_file.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "base/text.h"
#include "cli/text/nearest.h"
#include "config_flags.h"

namespace wasm_server {
namespace {

std::vector<std::string> setting_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    const std::string& name = option->get_lnames().empty() ? "" : option->get_lnames().front();
    if (name != "help" && name != "config" && !name.empty()) names.push_back(name);
  }
  return names;
}

// CLI11 takes the file before the environment; this leaves out of the file what the environment
// has.
class FileBehindEnvironment : public CLI::ConfigTOML {
 public:
  explicit FileBehindEnvironment(const CLI::App& app) : app_(app) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> settings = CLI::ConfigTOML::from_config(input);
    refuse_unknown(settings);
    std::erase_if(settings, [](const CLI::ConfigItem& item) {
      return item.parents.empty() && !environment(environment_name(item.name)).empty();
    });
    return settings;
  }

 private:
  void refuse_unknown(const std::vector<CLI::ConfigItem>& settings) const {
    const std::vector<std::string> known = setting_names(app_);
    for (const CLI::ConfigItem& item : settings) {
      if (item.name == "++" || item.name == "--") continue;  // where a section begins and ends
      if (item.parents.empty() && std::ranges::find(known, item.name) != known.end()) continue;
      throw CLI::ConfigError("unknown setting " + quote(shorten(item.fullname())) + " in the file" +
                             cli::did_you_mean(item.name, known));
    }
  }

  const CLI::App& app_;
};

}  // namespace

std::string environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

void add_config_file(CLI::App& app) {
  const std::string variable = environment_name("config");
  const std::string file = environment(variable);
  app.config_formatter(std::make_shared<FileBehindEnvironment>(app));
  app.allow_config_extras(CLI::config_extras_mode::error);
  // With a variable the file must be there, as with the flag.
  app.set_config("--config", file, "File of settings: lines like max-body-bytes = \"64MiB\" (TOML)",
                 !file.empty())
      ->type_name("FILE")
      ->envname(variable)
      ->group("Server");
}

std::vector<std::string> names_in_file(const std::string& path) {
  std::vector<std::string> names;
  std::ifstream input(path);
  if (!input) return names;
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(input)) {
    if (item.parents.empty()) names.push_back(item.name);
  }
  return names;
}

}  // namespace wasm_server
