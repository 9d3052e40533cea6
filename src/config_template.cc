#include "config_template.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config_flags.h"

namespace wasm_server {
namespace {

constexpr std::string_view kHead =
    "# Settings of `wasm-server serve`. A line that begins with `#NAME =` shows a default; "
    "without\n"
    "# the # it sets it. WASM_SERVER_NAME in the environment goes before this file, and --NAME\n"
    "# before both. `wasm-server config` shows what is in force.\n";

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

bool is_list(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

std::string toml(const std::string& value) {
  if (value == "true" || value == "false" || parse_unsigned(value)) return value;
  // Nothing is escaped within single quotes.
  const bool plain = value.find_first_of("\"\\") == value.npos;
  return plain ? "\"" + value + "\"" : "'" + value + "'";
}

std::string toml_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + toml(value);
  return "[" + text + "]";
}

std::string value_of(const CLI::Option& option) {
  if (option.count() == 0) {
    if (is_flag(option)) return "false";
    const std::string standard = option.get_default_str();
    return is_list(option) ? toml_list({standard}) : toml(standard);
  }
  if (is_flag(option)) return option.as<bool>() ? "true" : "false";
  const std::vector<std::string>& results = option.results();
  return is_list(option) ? toml_list(results) : toml(results.back());
}

std::string setting(const CLI::Option& option) {
  std::string text = "# " + option.get_description();
  if (!is_flag(option)) text += " (" + option.get_type_name() + ")";
  return text + "\n" + (option.count() == 0 ? "#" : "") + option.get_lnames().front() + " = " +
         value_of(option) + "\n";
}

}  // namespace

std::string config_template(const CLI::App& app) {
  std::string text(kHead);
  for (const std::string& group : app.get_groups()) {
    std::string settings;
    for (const CLI::Option* option : app.get_options()) {
      const bool here = option->get_group() == group && !option->get_envname().empty();
      if (here && option != app.get_config_ptr()) settings.append("\n").append(setting(*option));
    }
    if (!settings.empty()) text.append("\n\n## ").append(group).append("\n").append(settings);
  }
  return text;
}

}  // namespace wasm_server
