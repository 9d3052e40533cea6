#include "cli/connection/connection.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/text/nearest.h"

namespace wasm_server::cli {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Said {
  std::string value;
  std::string from;
};

// The first that says anything.
Said first_of(std::vector<Said> said) {
  for (Said& one : said) {
    if (!one.value.empty()) return std::move(one);
  }
  return {};
}

Outcome<NamedServer> named_server(const ClientConfig& config, const std::string& name) {
  const auto found = std::ranges::find(config.servers, name, &NamedServer::name);
  if (found != config.servers.end()) return *found;
  std::vector<std::string> names;
  for (const NamedServer& server : config.servers) names.push_back(server.name);
  return failure(kLocalTrouble, "there is no server " + quote(name) + " in " +
                                    config.file.string() + did_you_mean(name, names) +
                                    (names.empty() ? "; a URL begins with http://" : ""));
}

// A URL has the name's token only if the file has exactly that URL.
Outcome<NamedServer> server_for(const ClientConfig& config, const std::string& given) {
  if (given.find("://") == given.npos) return named_server(config, given);
  TRY_ASSIGN(const std::string url, checked_url(given));
  const auto found = std::ranges::find(config.servers, url, &NamedServer::url);
  return found != config.servers.end() ? *found : NamedServer{.name = {}, .url = url};
}

}  // namespace

Outcome<Connection> choose_connection(const ConnectionFlags& flags, const ClientConfig& config) {
  const Said server = first_of({{flags.server, "--server"},
                                {environment("WASM_SERVER_URL"), "WASM_SERVER_URL"},
                                {config.default_server, config.file.string()},
                                {ServerAddress{}.url, "default"}});
  TRY_ASSIGN(NamedServer chosen, server_for(config, server.value));
  const Said token = first_of({{flags.token, "--token"},
                               {environment("WASM_SERVER_TOKEN"), "WASM_SERVER_TOKEN"},
                               {chosen.token, config.file.string()}});
  if (!std::ranges::all_of(token.value, [](char c) { return c > ' ' && c < '\x7f'; })) {
    return failure(kLocalTrouble,
                   "the token of " + token.from + " is none: it holds other characters");
  }
  if (!flags.ca_file.empty()) chosen.ca_file = flags.ca_file;
  return Connection{{chosen.url, token.value, chosen.ca_file}, server.from, token.from};
}

Outcome<Connection> choose_connection(const ConnectionFlags& flags) {
  TRY_ASSIGN(const ClientConfig config, read_client_config(client_config_file()));
  return choose_connection(flags, config);
}

}  // namespace wasm_server::cli
