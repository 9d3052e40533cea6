#include "setting.h"

#include <algorithm>

#include "config_file.h"
#include "config_flags.h"

namespace wasm_server {
namespace {

std::string value_of(const CLI::Option& option) {
  const bool is_switch = option.get_items_expected_max() == 0;
  if (option.count() == 0) return is_switch ? "false" : option.get_default_str();
  std::string text;
  for (const std::string& result : option.results()) text += (text.empty() ? "" : ",") + result;
  return text;
}

// CLI11 merges all sources into an option's results; only those of the command line stand in the
// order that was parsed.
std::string source_of(const CLI::App& app, const CLI::Option& option, const std::string& name,
                      const std::vector<std::string>& in_file, const std::string& file) {
  const auto& flags = app.parse_order();
  if (std::ranges::find(flags, &option) != flags.end()) return "flag";
  if (!environment(environment_name(name)).empty()) return environment_name(name);
  return std::ranges::find(in_file, name) != in_file.end() ? file : "default";
}

}  // namespace

std::vector<Setting> settings_of(const CLI::App& app) {
  const std::string file = app.get_config_ptr()->as<std::string>();
  const std::vector<std::string> in_file = names_in_file(file);
  std::vector<Setting> settings;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_envname().empty() || option == app.get_config_ptr()) continue;
    const std::string& name = option->get_lnames().front();
    settings.push_back({name, value_of(*option), source_of(app, *option, name, in_file, file)});
  }
  return settings;
}

}  // namespace wasm_server
