#include "cli/shell/complete.h"

#include <algorithm>
#include <utility>

#include "base/id.h"
#include "cli/api/api_client.h"
#include "cli/run_command.h"
#include "cli/shell/usage.h"
#include "cli/text/printable.h"

namespace wasm_server::cli {
namespace {

struct Value {
  std::string_view type;
  std::vector<std::string> words;
  std::string_view command{};  // of which alone; empty: of all
};

// Types with few values.
const std::vector<Value>& known_values() {
  static const std::vector<Value> values = {
      {"ACTION", {"create", "ls", "rotate", "revoke"}, "token"},
      {"ACTION", {"put", "ls", "rm"}, "secret"},
      {"KIND", {"module", "command", "component", "http"}},
      {"LEVEL", {"debug", "info", "warning", "error", "off"}},
      {"SCOPE", {"read", "write", "execute", "admin"}},
      {"SHELL", {"bash", "zsh", "fish"}},
  };
  return values;
}

bool is_path(std::string_view type) {
  return type.find("FILE") != type.npos || type == "DIR" || type == "PATH" || type == "DEST" ||
         type == "SOURCE";
}

class Completer {
 public:
  Completer(const CommandList& commands, CommandDefinition& command,
            const CompletionSources& sources)
      : commands_(commands),
        text_(command.text()),
        sources_(sources),
        app_("", std::string(command.text().name)) {
    define_all(command, app_, unused_, json_);
  }

  Candidates at(std::span<const std::string> words) {
    const std::string& current = words.back();
    for (const std::string& word : words.first(words.size() - 1)) take(word);
    if (awaited_ != nullptr) return values(awaited_->get_type_name(), current, "");
    const std::size_t equals = current.find('=');
    if (options_ && current.starts_with("--") && equals != current.npos) {
      const CLI::Option* option = app_.get_option_no_throw(current.substr(0, equals));
      if (option == nullptr) return {};
      return values(option->get_type_name(), current.substr(equals + 1),
                    current.substr(0, equals + 1));
    }
    if (options_ && current.starts_with("-")) return option_names(current);
    const auto type = positional_type(text_.usage, places_);
    return type ? values(*type, current, "") : Candidates{};
  }

 private:
  // A word before the cursor.
  void take(const std::string& word) {
    if (awaited_ != nullptr) {
      remember(*awaited_, word);
      awaited_ = nullptr;
    } else if (options_ && word == "--") {
      options_ = false;
    } else if (options_ && word.size() > 1 && word.starts_with("-")) {
      take_option(word);
    } else {
      ++places_;
      // Behind a guest's name stands what is its own.
      if (text_.usage.ends_with("[ARGUMENT...]")) options_ = false;
    }
  }

  void take_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const CLI::Option* option = app_.get_option_no_throw(word.substr(0, equals));
    if (option == nullptr || option->get_items_expected_max() == 0) return;
    if (equals == word.npos) {
      awaited_ = option;
    } else {
      remember(*option, word.substr(equals + 1));
    }
  }

  void remember(const CLI::Option& option, const std::string& value) {
    if (option.check_lname("server")) connection_.server = value;
    if (option.check_lname("token")) connection_.token = value;
    if (option.check_lname("ca-file")) connection_.ca_file = value;
  }

  Candidates option_names(const std::string& beginning) const {
    Candidates out;
    for (const CLI::Option* option : app_.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        if (("--" + name).starts_with(beginning))
          out.list.push_back({"--" + name, option->get_description()});
      }
    }
    return out;
  }

  // `before` stands in the same word before the value.
  Candidates values(const std::string& type, const std::string& beginning,
                    const std::string& before) const {
    Candidates out;
    const auto add = [&](const std::string& word, std::string_view description = {}) {
      if (word.starts_with(beginning))
        out.list.push_back({before + word, std::string(description)});
    };
    out.files = is_path(type);
    if (type.starts_with("ID") || type == "PREFIX") {
      for (const std::string& id : sources_.module_ids(connection_, beginning)) {
        // The shell puts it into the command line as it is: `;` and `$(` would be run.
        if (is_valid_id(id)) add(id);
      }
    }
    if (type.ends_with("NAME") && type.starts_with("URL")) {
      for (const std::string& name : sources_.server_names()) add(name);
    }
    if (type == "COMMAND") {
      for (const auto& command : commands_)
        add(std::string(command->text().name), command->text().summary);
    }
    for (const Value& known : known_values()) {
      if (known.type != type) continue;
      if (!known.command.empty() && known.command != text_.name) continue;
      for (const std::string& word : known.words) add(word);
    }
    return out;
  }

  const CommandList& commands_;
  const CommandText& text_;
  const CompletionSources& sources_;
  ConnectionFlags unused_;
  bool json_ = false;
  CLI::App app_;

  ConnectionFlags connection_;            // as far as the words said it
  const CLI::Option* awaited_ = nullptr;  // whose value comes next
  bool options_ = true;                   // words may be options
  std::size_t places_ = 0;                // arguments before the cursor
};

Candidates first_word(const CommandList& commands, const std::string& beginning) {
  Candidates out;
  for (const auto& command : commands) {
    if (command->text().name.starts_with(beginning)) {
      out.list.push_back({std::string(command->text().name), std::string(command->text().summary)});
    }
  }
  for (const std::string option : {"--help", "--version"}) {
    if (!beginning.empty() && option.starts_with(beginning)) out.list.push_back({option});
  }
  return out;
}

std::vector<std::string> ids_of_server(const ConnectionFlags& flags, std::string_view beginning) {
  const auto connection = choose_connection(flags);
  if (!connection) return {};
  return ApiClient(connection->address).ids(beginning).value_or(std::vector<std::string>{});
}

std::vector<std::string> names_of_file() {
  std::vector<std::string> names;
  const auto config = read_client_config(client_config_file());
  if (!config) return names;
  for (const NamedServer& server : config->servers) names.push_back(server.name);
  return names;
}

}  // namespace

Candidates complete(const CommandList& commands, std::span<const std::string> words,
                    const CompletionSources& sources) {
  if (words.empty()) return first_word(commands, "");
  if (words.size() == 1) return first_word(commands, words.front());
  for (const auto& command : commands) {
    if (command->text().name != words.front()) continue;
    return Completer(commands, *command, sources).at(words.subspan(1));
  }
  return {};
}

CompletionSources real_sources() { return {ids_of_server, names_of_file}; }

int print_candidates(const CommandList& commands, std::span<const std::string> words) {
  const Candidates found = complete(commands, words, real_sources());
  std::string text;
  for (const Candidate& candidate : found.list) {
    text += printable(candidate.text);
    if (!candidate.description.empty()) text += "\t" + printable(candidate.description);
    text += '\n';
  }
  if (found.files) text += ":files\n";
  return Terminal().write(text) ? kDone : kLocalTrouble;
}

}  // namespace wasm_server::cli
