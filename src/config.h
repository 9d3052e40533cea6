#pragma once

// Every setting of the server: a flag, an environment variable (WASM_SERVER_...) and a key of the
// file, from one definition (config_flags.h). A flag goes before the environment, that before the
// file, that before the default.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "engine/engine.h"
#include "handlers/limits.h"
#include "http/server.h"
#include "jobs/channel.h"
#include "store/lmdb_settings.h"

namespace wasm_server {

inline constexpr std::string_view kVersion = "0.1.0";  // as in CMakeLists.txt

struct ServeConfig {
  std::string listen = "127.0.0.1:8080";
  std::filesystem::path data = "data";
  unsigned workers = 0;  // 0: one per core
  std::chrono::milliseconds grace{10'000};
  std::string log_level = "info";

  HttpLimits http;
  LimitsConfig limits;
  EngineSettings engine;  // its max_memory_bytes is that of limits.maxima
  LmdbSettings store;
  JobChannel::Capacity channel;

  std::uint64_t running_calls = 0;  // of all modules; 0: as many as the pool has slots
  std::uint64_t waiting_calls = 10'000;
  unsigned background_threads = 0;  // 0: one per core
  std::size_t compile_queue = 1024;
  std::uint64_t module_cache_bytes = 1ULL << 30;

  unsigned check_threads = 0;  // 0: one per core
  std::size_t check_queue = 1024;
  std::uint64_t check_cache_bytes = 4ULL << 20;
};

// Nothing to serve: print and exit with `code` (0: help or version on standard output, 2: wrong
// usage on standard error).
struct ExitNow {
  int code = 0;
  std::string text;
};

std::variant<ServeConfig, ExitNow> parse_command_line(int argc, const char* const* argv);

}  // namespace wasm_server
