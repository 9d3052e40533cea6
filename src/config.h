#pragma once

// Every setting of the server: a flag, an environment variable (WASM_SERVER_...) and a key of the
// file, from one definition (config_flags.h). A flag goes before the environment, that before the
// file, that before the default.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "compile/scheduler.h"
#include "engine/engine.h"
#include "engine/inspect/inspect.h"
#include "http/origin_rules.h"
#include "http/server.h"
#include "http/transport/tls_context.h"
#include "jobs/channel.h"
#include "model/limits.h"
#include "setting.h"
#include "store/store_settings.h"

namespace wasm_server {

struct ServeConfig {
  std::string listen = "127.0.0.1:8080";  // empty: on the operator's socket alone
  std::filesystem::path data = "data";
  std::filesystem::path secret_key_file;  // empty: in `data`, made with the first secret
  unsigned workers = 0;                   // 0: one per core
  std::chrono::milliseconds grace{10'000};
  std::string log_level = "info";
  std::string log_format = "text";
  bool access_log = false;
  std::string otlp_endpoint;                        // URL of a collector of traces; empty: none
  unsigned trace_percent = 100;                     // of the traces that begin here
  std::uint64_t execution_log_bytes = 16ULL << 20;  // in memory, and as much on disk

  HttpLimits http;
  TlsSettings tls;
  std::uint64_t address_rate = 0;  // requests a second; 0: any number
  std::uint64_t token_rate = 0;    // the same
  bool insecure = false;           // others may reach it without TLS and tokens
  OriginSettings origins;
  LimitsConfig limits;
  ModuleBounds module;
  std::string egress = "modules";  // who says where requests of guests go; off: they go nowhere
  EngineSettings engine;           // its max_memory_bytes is that of limits.maxima
  StoreSettings store;
  std::uint64_t backup_rate_bytes = 64ULL << 20;  // a second that a backup reads; 0: any
  JobChannel::Capacity channel;

  std::uint64_t memory_budget_bytes = 0;  // 0: three quarters of what there is
  std::uint64_t running_calls = 0;        // of all modules; 0: as many as the pool has slots
  std::uint64_t waiting_calls = 10'000;
  unsigned background_threads = 0;          // 0: one per core
  CompilerSettings compiler{.threads = 0};  // 0: one per core
  std::uint64_t module_cache_bytes = 1ULL << 30;

  unsigned check_threads = 0;  // 0: one per core
  std::size_t check_queue = 1024;
  std::uint64_t check_cache_bytes = 4ULL << 20;

  std::vector<Setting> settings;  // all of these, as the operator gave them
};

// Nothing to serve: print and exit with `code` (0: help or version on standard output, 2: wrong
// usage on standard error).
struct ExitNow {
  int code = 0;
  std::string text;
};

using Command = std::variant<ServeConfig, ExitNow>;

Command parse_command_line(int argc, const char* const* argv);

}  // namespace wasm_server
