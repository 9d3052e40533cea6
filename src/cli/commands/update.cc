#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "base/text.h"
#include "cli/api/api_client.h"
#include "cli/commands/commands.h"
#include "cli/text/words.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "update",
    .summary = "changes labels, limits or environment of a module",
    .usage = "[OPTIONS] ID",
    .description =
        "Makes a new revision of the module ID with these changes; what no option names stays. New "
        "code is stored by `put`.\n"
        "\n"
        "The change is refused when somebody else changed the module in between."};

void set(StringPairs& pairs, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(pairs, name, &StringPairs::value_type::first);
  if (found != pairs.end()) {
    found->second = value;
  } else {
    pairs.emplace_back(name, value);
  }
}

class Update : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("ID", id_, "The module")->required();
    app.add_option("--function", function_, "What is run when nothing else is said")
        ->type_name("NAME");
    list(app, "--label", labels_, "NAME=VALUE", "Set a label");
    list(app, "--no-label", no_labels_, "NAME", "Take a label away");
    list(app, "--env", env_, "NAME=VALUE", "Set a variable of a command's environment");
    list(app, "--secret", secrets_, "NAME=SECRET",
         "Set a variable to what the server has as that secret");
    list(app, "--no-env", no_env_, "NAME", "Take a variable away");
    list(app, "--egress", egress_, "HOST[:PORT]",
         "Let a component send requests to that host, or to all below one: *.example.net");
    list(app, "--no-egress", no_egress_, "HOST[:PORT]", "Take such a host away");
    list(app, "--limit", limits_, "NAME=NUMBER",
         "Set a limit: timeout_ms, memory_bytes, output_bytes, max_concurrency or max_queue");
  }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(const StringPairs labels, read_pairs(labels_, "--label"));
    TRY_ASSIGN(const StringPairs env, read_pairs(env_, "--env"));
    TRY_ASSIGN(const StringPairs secrets, read_pairs(secrets_, "--secret"));
    TRY_ASSIGN(const StringPairs limits, read_pairs(limits_, "--limit"));
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    TRY_ASSIGN(const ModuleView before, api.module(id_));
    std::vector<std::string> fields;
    if (!function_.empty()) {
      std::string name;
      append_json_string(name, function_);
      fields.push_back("\"function\":" + name);
    }
    add_merged(fields, "labels", before.labels, labels, no_labels_);
    add_environment(fields, before, env, secrets);
    add_egress(fields, before.egress);
    TRY(add_limits(fields, limits));
    if (fields.empty()) {
      return failure(kWrongUsage, "nothing to change is given (see wasm-server update --help)");
    }
    std::string json;
    for (const std::string& field : fields) json += (json.empty() ? "{" : ",") + field;
    TRY_ASSIGN(const ModuleView after, api.modify(before, json + "}"));
    TRY(print_revision(session, api, after));
    return kDone;
  }

 private:
  static void list(CLI::App& app, const char* name, std::vector<std::string>& values,
                   const char* type, const char* description) {
    app.add_option(name, values, std::string(description) + "; may be given several times")
        ->type_name(type)
        ->allow_extra_args(false);
  }

  static void take_away(StringPairs& pairs, const std::string& name) {
    std::erase_if(pairs, [&name](const auto& pair) { return pair.first == name; });
  }

  // The API takes such an object as a whole.
  static void add_merged(std::vector<std::string>& fields, const std::string& name,
                         StringPairs pairs, const StringPairs& changes,
                         const std::vector<std::string>& gone) {
    if (changes.empty() && gone.empty()) return;
    for (const auto& [key, value] : changes) set(pairs, key, value);
    for (const std::string& key : gone) take_away(pairs, key);
    fields.push_back(quote(name) + ":" + json_object(pairs));
  }

  // A variable is either a text or a secret.
  void add_environment(std::vector<std::string>& fields, const ModuleView& before,
                       const StringPairs& env, const StringPairs& secrets) const {
    if (env.empty() && secrets.empty() && no_env_.empty()) return;
    StringPairs texts = before.env;
    StringPairs names = before.secrets;
    for (const auto& [variable, text] : env) {
      set(texts, variable, text);
      take_away(names, variable);
    }
    for (const auto& [variable, name] : secrets) {
      set(names, variable, name);
      take_away(texts, variable);
    }
    for (const std::string& variable : no_env_) {
      take_away(texts, variable);
      take_away(names, variable);
    }
    std::string json = json_object(texts);
    json.pop_back();
    for (const auto& [variable, name] : names) {
      if (json.back() != '{') json += ',';
      append_json_string(json, variable);
      json += ":" + json_object({{"secret", name}});
    }
    fields.push_back("\"env\":" + json + "}");
  }

  void add_egress(std::vector<std::string>& fields, std::vector<std::string> hosts) const {
    if (egress_.empty() && no_egress_.empty()) return;
    for (const std::string& host : egress_) {
      if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
    }
    for (const std::string& host : no_egress_) std::erase(hosts, host);
    std::string json = "\"egress\":[";
    for (const std::string& host : hosts) {
      if (json.back() != '[') json += ',';
      append_json_string(json, host);
    }
    fields.push_back(json + "]");
  }

  // Of these it takes the ones that change.
  static Outcome<void> add_limits(std::vector<std::string>& fields, const StringPairs& limits) {
    if (limits.empty()) return {};
    std::string json = "\"limits\":{";
    for (const auto& [name, value] : limits) {
      if (!parse_unsigned(value)) {
        return failure(kWrongUsage,
                       "--limit takes NAME=NUMBER; " + quote(shorten(value)) + " is no number");
      }
      if (json.back() != '{') json += ',';
      append_json_string(json, name);
      json += ":" + value;
    }
    fields.push_back(json + "}");
    return {};
  }

  std::string id_;
  std::string function_;
  std::vector<std::string> labels_;
  std::vector<std::string> no_labels_;
  std::vector<std::string> env_;
  std::vector<std::string> secrets_;
  std::vector<std::string> no_env_;
  std::vector<std::string> egress_;
  std::vector<std::string> no_egress_;
  std::vector<std::string> limits_;
};

}  // namespace

std::unique_ptr<Command> update_command() { return std::make_unique<Update>(); }

}  // namespace wasm_server::cli
