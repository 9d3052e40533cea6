#pragma once

// The client's file, which names servers:
//
//     server = "work"              # the one that is meant when nothing else is said
//
//     [servers.work]
//     url = "https://wasm.example.org"
//     token = "wsk_..."            # then the file must be its owner's alone (mode 0600)
//     ca-file = "/etc/ssl/work.pem"

#include <filesystem>
#include <string>
#include <vector>

#include "cli/failure.h"

namespace wasm_server::cli {

struct NamedServer {
  std::string name;
  std::string url;
  std::string token{};
  std::string ca_file{};
};

struct ClientConfig {
  std::filesystem::path file;
  std::string default_server;  // a name or a URL; empty: none
  std::vector<NamedServer> servers;
};

// $XDG_CONFIG_HOME/wasm-server/client.toml, by default below ~/.config. Empty without a home.
std::filesystem::path client_config_file();

// An empty configuration when there is no such file. An unknown key, a server without a URL, or a
// token that others may read is kLocalTrouble.
Outcome<ClientConfig> read_client_config(const std::filesystem::path& file);

// http or https, a host, and nothing behind the path; without the last slash.
Outcome<std::string> checked_url(std::string url);

}  // namespace wasm_server::cli
