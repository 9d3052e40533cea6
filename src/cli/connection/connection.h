#pragma once

#include <string>

#include "cli/connection/client_config.h"
#include "cli/failure.h"
#include "cli/http/http_client.h"

namespace wasm_server::cli {

// What the command line says about the server; empty: nothing.
struct ConnectionFlags {
  std::string server;  // a URL, or a name of the client's file
  std::string token;
  std::string ca_file;
};

// The server that is meant, and which of the four said so.
struct Connection {
  ServerAddress address;
  std::string server_from;  // "--server", "WASM_SERVER_URL", the file, or "default"
  std::string token_from;   // "--token", "WASM_SERVER_TOKEN", the file; empty: no token
};

// The command line goes before the environment, that before the client's file, that before
// http://127.0.0.1:8080. A token of the file is for its own server only.
Outcome<Connection> choose_connection(const ConnectionFlags& flags, const ClientConfig& config);

// With the client's file as it is on the disk.
Outcome<Connection> choose_connection(const ConnectionFlags& flags);

}  // namespace wasm_server::cli
