#include "cli/man_page.h"

#include <cctype>
#include <sstream>
#include <string_view>
#include <vector>

#include "cli/run_command.h"
#include "cli/text/roff.h"
#include "cli/version.h"

namespace wasm_server::cli {
namespace {

constexpr const char* kDate = "2026-11-30";

struct Row {
  const char* term;
  const char* text;
};

constexpr Row kExitCodes[] = {
    {"0", "It is done; for run: the function returned, or the command exited with 0."},
    {"2", "Wrong usage."},
    {"120", "Wrong usage of run, of a function's arguments as well."},
    {"121", "A local file, the configuration or standard output could not be used."},
    {"122", "No server could be reached, or what answered is not a wasm-server."},
    {"123", "The server refused the request."},
    {"124", "The guest was stopped at its deadline."},
    {"125", "The guest trapped, or met a limit."},
    {"others", "Of run: the exit code of the command that was run, at most 255."},
};

constexpr Row kEnvironment[] = {
    {"WASM_SERVER_URL", "The server that client commands talk to, unless --server names one."},
    {"WASM_SERVER_TOKEN", "The access token that they send, unless --token gives one."},
    {"NO_COLOR", "When it is not empty, nothing is coloured."},
    {"http_proxy, https_proxy, no_proxy", "Proxies, as curl(1) has them."},
};

constexpr Row kFiles[] = {
    {"~/.config/wasm-server/client.toml",
     "Names servers and their tokens (below XDG_CONFIG_HOME where that is set). With a token in it "
     "others must not be able to read it."},
};

std::string head(std::string_view name) {
  std::string upper;
  for (const char c : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return ".TH " + upper + " 1 " + kDate + " \"wasm-server " + std::string(kProgramVersion) +
         "\" \"User Commands\"\n";
}

std::string section(const char* title) { return std::string(".SH ") + title + "\n"; }

std::string paragraphs(std::string_view text) {
  std::string out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    out += (out.empty() ? "" : ".PP\n") + roff_text(line);
  }
  return out;
}

std::string definition(std::string_view term, std::string_view text) {
  return ".TP\n\\fB" + roff_escape(term) + "\\fR\n" + roff_text(text);
}

template <std::size_t kCount>
std::string rows(const char* title, const Row (&table)[kCount]) {
  std::string out = section(title);
  for (const Row& row : table) out += definition(row.term, row.text);
  return out;
}

std::string option_text(const CLI::Option& option) {
  std::string text = option.get_description() + ".";
  if (!option.get_default_str().empty()) text += " Default: " + option.get_default_str() + ".";
  if (!option.get_envname().empty()) text += " Environment: " + option.get_envname() + ".";
  return text;
}

std::string option_term(const CLI::Option& option) {
  std::string term = "\\fB";
  for (const std::string& name : option.get_snames())
    term += roff_escape("-" + name) + "\\fR, \\fB";
  term += roff_escape("--" + option.get_lnames().front()) + "\\fR";
  if (option.get_items_expected_max() > 0)
    term += " \\fI" + roff_escape(option.get_type_name()) + "\\fR";
  return term;
}

std::string arguments(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional())
      out += ".TP\n\\fI" + roff_escape(option->get_name()) + "\\fR\n" +
             roff_text(option->get_description() + ".");
  }
  return out.empty() ? out : section("ARGUMENTS") + out;
}

std::string options(const CLI::App& app) {
  std::string out = section("OPTIONS");
  std::vector<std::string> groups = app.get_groups();
  for (const std::string& group : groups) {
    std::string entries;
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group() != group || option->get_lnames().empty()) continue;
      entries += ".TP\n" + option_term(*option) + "\n" + roff_text(option_text(*option));
    }
    if (entries.empty()) continue;
    if (group != "Options") out += ".SS " + roff_escape(group) + "\n";
    out += entries;
  }
  return out;
}

}  // namespace

std::string man_page(CommandDefinition& command) {
  const CommandText& text = command.text();
  const std::string name = "wasm-server-" + std::string(text.name);
  CLI::App app;
  ConnectionFlags connection;
  bool json = false;
  define_all(command, app, connection, json);
  std::string page = head(name) + section("NAME") + roff_escape(name) + " \\- " +
                     roff_escape(text.summary) + "\n" + section("SYNOPSIS") + "\\fBwasm\\-server " +
                     roff_escape(text.name) + "\\fR " + roff_escape(text.usage) + "\n" +
                     section("DESCRIPTION") + paragraphs(text.description) + arguments(app) +
                     options(app);
  if (command.connects()) {
    page +=
        rows("EXIT STATUS", kExitCodes) + rows("ENVIRONMENT", kEnvironment) + rows("FILES", kFiles);
  }
  return page + section("SEE ALSO") + "\\fBwasm\\-server\\fR(1)\n";
}

std::string man_overview(const CommandList& commands) {
  std::string page = head("wasm-server") + section("NAME") +
                     "wasm\\-server \\- stores WebAssembly modules and executes them over HTTP\n" +
                     section("SYNOPSIS") + "\\fBwasm\\-server\\fR COMMAND [OPTIONS] ...\n" +
                     section("DESCRIPTION") +
                     paragraphs(
                         "The server, and the commands that talk to one.\n"
                         "Each command has a page of its own, and --help.") +
                     section("COMMANDS");
  std::string pages;
  for (const auto& command : commands) {
    const std::string name(command->text().name);
    page += definition(name, std::string(command->text().summary) + ".");
    pages +=
        (pages.empty() ? "" : ",\n") + ("\\fBwasm\\-server\\-" + roff_escape(name)) + "\\fR(1)";
  }
  return page + rows("EXIT STATUS", kExitCodes) + rows("ENVIRONMENT", kEnvironment) +
         rows("FILES", kFiles) + section("SEE ALSO") + pages + "\n";
}

}  // namespace wasm_server::cli
