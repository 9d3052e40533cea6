#include "cli/connection/client_config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/text/nearest.h"

namespace wasm_server::cli {
namespace {

constexpr mode_t kOthers = 077;

class Reader {
 public:
  explicit Reader(ClientConfig& config) : config_(config) {}

  Outcome<void> take(const CLI::ConfigItem& item) {
    if (item.name == "++" || item.name == "--") return {};  // where a section begins and ends
    TRY_ASSIGN(std::string* const value, place_of(item));
    if (item.inputs.size() != 1) return wrong(item.fullname() + " takes one text");
    *value = item.inputs.front();
    return {};
  }

  Outcome<void> finish() {
    for (NamedServer& server : config_.servers) {
      if (server.url.empty()) return wrong("server " + quote(server.name) + " has no url");
      auto url = checked_url(server.url);
      if (!url) return wrong(url.error().message);
      server.url = *std::move(url);
    }
    return {};
  }

  std::unexpected<Failure> wrong(const std::string& why) const {
    return failure(kLocalTrouble, config_.file.string() + ": " + why);
  }

 private:
  Outcome<std::string*> place_of(const CLI::ConfigItem& item) {
    if (item.parents.empty()) {
      if (item.name == "server") return &config_.default_server;
      return unknown(item.fullname(), item.name, {"server"});
    }
    if (item.parents.size() != 2 || item.parents.front() != "servers") {
      return wrong("unknown section [" + section(item) + "]; servers stand in [servers.NAME]");
    }
    NamedServer& server = server_of(item.parents.back());
    if (item.name == "url") return &server.url;
    if (item.name == "token") return &server.token;
    if (item.name == "ca-file") return &server.ca_file;
    return unknown(item.fullname(), item.name, {"url", "token", "ca-file"});
  }

  static std::string section(const CLI::ConfigItem& item) {
    std::string text;
    for (const std::string& parent : item.parents) text += (text.empty() ? "" : ".") + parent;
    return text;
  }

  std::unexpected<Failure> unknown(const std::string& key, const std::string& name,
                                   const std::vector<std::string>& known) const {
    return wrong("unknown key " + quote(key) + did_you_mean(name, known));
  }

  NamedServer& server_of(const std::string& name) {
    const auto found = std::ranges::find(config_.servers, name, &NamedServer::name);
    if (found != config_.servers.end()) return *found;
    return config_.servers.emplace_back(NamedServer{.name = name, .url = {}});
  }

  ClientConfig& config_;
};

// A token is its owner's alone, as ssh has it for keys.
Outcome<void> check_mode(const ClientConfig& config, const struct stat& status) {
  const bool has_token =
      std::ranges::any_of(config.servers, [](const auto& s) { return !s.token.empty(); });
  if (!has_token || (status.st_mode & kOthers) == 0) return {};
  return failure(kLocalTrouble, config.file.string() +
                                    " holds a token and can be read by others; run: chmod 600 " +
                                    config.file.string());
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::filesystem::path client_config_file() {
  std::filesystem::path directory = environment("XDG_CONFIG_HOME");
  if (!directory.is_absolute()) {  // as its specification says
    const std::string home = environment("HOME");
    if (home.empty()) return {};
    directory = std::filesystem::path(home) / ".config";
  }
  return directory / "wasm-server" / "client.toml";
}

Outcome<ClientConfig> read_client_config(const std::filesystem::path& file) {
  ClientConfig config{.file = file, .default_server = {}, .servers = {}};
  struct stat status{};
  if (file.empty() || (::stat(file.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)))
    return config;
  std::ifstream input(file);
  Reader reader(config);
  if (!input || !S_ISREG(status.st_mode)) return reader.wrong("cannot be read");
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(input)) {
      TRY(reader.take(item));
    }
  } catch (const CLI::Error& error) {
    return reader.wrong(error.what());
  }
  TRY(reader.finish());
  TRY(check_mode(config, status));
  return config;
}

Outcome<std::string> checked_url(std::string url) {
  const auto is_plain = [](char c) { return c > ' ' && c < '\x7f' && c != '?' && c != '#'; };
  const std::string lower = to_lower(url);
  const std::size_t scheme = lower.starts_with("https://")  ? 8
                             : lower.starts_with("http://") ? 7
                                                            : 0;
  if (scheme == 0 || scheme == url.size() || !std::ranges::all_of(url, is_plain)) {
    return failure(kLocalTrouble,
                   quote(shorten(url)) + " is no server's URL; one is like http://127.0.0.1:8080");
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace wasm_server::cli
