#pragma once

// What the operator's commands work on: a server, or a data directory of this machine.

#include <filesystem>
#include <functional>
#include <memory>

#include "cli/failure.h"
#include "cli/http/http_client.h"

namespace wasm_server::cli {

// A server of a data directory, as long as this is kept.
struct DataServer {
  ServerAddress address;
  std::shared_ptr<const void> kept;
};

// The server that runs on that directory, or else one in this process, which nobody else reaches.
// The directory is made if it is not there.
using OpenData = std::function<Outcome<DataServer>(const std::filesystem::path&)>;

}  // namespace wasm_server::cli
