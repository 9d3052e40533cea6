#include "config_flags.h"

#include <cctype>
#include <concepts>
#include <limits>

#include "http/transport/listen.h"
#include "trace_export.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kNoMaximum = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMaxMillis = 365ULL * 24 * 3600 * 1000;
constexpr std::uint64_t kMaxThreads = 1024;
constexpr std::uint64_t kMaxHeaderBytes = 16U << 20;  // its parts are counted in 32 bits

// "128MiB", which is also what the flags take.
std::string size_text(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  for (; unit < 3 && bytes != 0 && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return std::to_string(bytes) + kUnits[unit];
}

std::string check_listen(const std::string& text) {
  const auto address = parse_listen_address(text);
  return address ? "" : address.error().message;
}

// Adds flags of one group.
class Flags {
 public:
  Flags(CLI::App& app, std::string group) : app_(app), group_(std::move(group)) {}

  template <class T>
  CLI::Option* text(const char* name, T& value, const char* unit, const char* description) {
    return finish(
        app_.add_option("--" + std::string(name), value, description)->capture_default_str(), name,
        unit);
  }

  CLI::Option* flag(const char* name, bool& value, const char* description) {
    return app_.add_flag("--" + std::string(name), value, description)
        ->envname(environment_name(name))
        ->group(group_);
  }

  // May be given several times; in the variable, with commas between.
  CLI::Option* list(const char* name, std::vector<std::string>& values, const char* unit,
                    const char* description) {
    CLI::Option* option = app_.add_option("--" + std::string(name), values, description);
    return finish(option->default_str(std::string(kNoSetting)), name, unit)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->delimiter(',');
  }

  template <std::unsigned_integral T>
  void count(const char* name, T& value, const char* unit, const char* description,
             std::uint64_t min = 0, std::uint64_t max = kNoMaximum) {
    const auto set = [&value](const std::uint64_t& given) { value = static_cast<T>(given); };
    const std::uint64_t limit = std::min<std::uint64_t>(max, std::numeric_limits<T>::max());
    number(name, set, std::to_string(value), unit, description)
        ->check(CLI::Range(min, limit).description(""));
  }

  template <std::unsigned_integral T>
  void bytes(const char* name, T& value, const char* description, std::uint64_t min = 0,
             std::uint64_t max = kNoMaximum) {
    const auto set = [&value](const std::uint64_t& given) { value = static_cast<T>(given); };
    number(name, set, size_text(value), "BYTES", description)
        ->transform(CLI::AsSizeValue(false).description(""))
        ->check(CLI::Range(min, max).description(""));
  }

  void millis(const char* name, std::chrono::milliseconds& value, const char* description,
              std::uint64_t least = 1) {
    const auto set = [&value](const std::uint64_t& given) {
      value = std::chrono::milliseconds{given};
    };
    number(name, set, std::to_string(value.count()), "MILLISECONDS", description)
        ->check(CLI::Range(least, kMaxMillis).description(""));
  }

 private:
  CLI::Option* number(const char* name, const std::function<void(const std::uint64_t&)>& set,
                      const std::string& standard, const char* unit, const char* description) {
    CLI::Option* option =
        app_.add_option_function<std::uint64_t>("--" + std::string(name), set, description);
    return finish(option->default_str(standard), name, unit);
  }

  CLI::Option* finish(CLI::Option* option, const char* name, const char* unit) {
    return option->type_name(unit)->envname(environment_name(name))->group(group_)->take_last();
  }

  CLI::App& app_;
  const std::string group_;
};

template <auto kCheck>
std::string check_text(const std::string& text) {
  if (text == kNoSetting) return "";
  const auto checked = kCheck(text);
  return checked ? "" : checked.error().message;
}

std::string check_egress_pattern(const std::string& text) {
  if (text == kNoSetting || is_egress_pattern(text)) return "";
  return text + " names no hosts, as api.example.org or *.example.net:8443 do";
}

void add_server_flags(CLI::App& app, ServeConfig& config) {
  Flags flags(app, "Server");
  flags
      .text("listen", config.listen, "HOST:PORT",
            "Address to listen on; port 0 takes a free one, [::1]:0 is IPv6")
      ->check(CLI::Validator(check_listen, ""));
  flags.flag("insecure", config.insecure,
             "Listen where others reach it without TLS and access tokens");
  flags.count("address-rate", config.address_rate, "REQUESTS",
              "A second of one address, as many at once; 0: no cap", 0, 1'000'000);
  flags.count("token-rate", config.token_rate, "REQUESTS",
              "A second with one access token, as many at once; 0: no cap", 0, 1'000'000);
  flags.text("data", config.data, "DIR", "Directory of the database; made when it is not there");
  flags
      .text("secret-key-file", config.secret_key_file, "FILE",
            "64 hexadecimal digits that guests' secrets are sealed with; none: secret.key in the "
            "data directory, made with the first secret")
      ->default_str(std::string(kNoSetting));
  flags.bytes(
      "memory-budget-bytes", config.memory_budget_bytes,
      "Memory of guests, bodies and answers together; beyond it memory.grow fails, and 503; "
      "0: three quarters of the machine's or the control group's");
  flags.count("workers", config.workers, "THREADS", "Event loops; 0: one per core", 0, kMaxThreads);
  flags.millis("grace-ms", config.grace, "How long what runs may take to end after SIGTERM", 0);
  flags.text("log-level", config.log_level, "LEVEL", "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}).description(""));
  flags.text("log-format", config.log_format, "FORMAT", "text, or json: an object a line")
      ->check(CLI::IsMember({"text", "json"}).description(""));
  flags.bytes(
      "execution-log-bytes", config.execution_log_bytes,
      "Of the newest executions' ends and standard errors, in memory and as much on disk, for "
      "GET /wasm/{id}/logs; 0: none");
  flags.flag("access-log", config.access_log, "Log every request, at level info");
  flags
      .text("otlp-endpoint", config.otlp_endpoint, "URL",
            "Where traces are sent by OTLP/HTTP, like http://127.0.0.1:4318/v1/traces")
      ->default_str(std::string(kNoSetting))
      ->check(CLI::Validator(check_text<check_otlp_endpoint>, ""));
  flags.count("trace-percent", config.trace_percent, "PERCENT",
              "Of the requests that are part of no trace begin one", 0, 100);
}

void add_http_flags(CLI::App& app, HttpLimits& http) {
  Flags flags(app, "HTTP");
  flags.bytes("max-header-bytes", http.header_bytes, "Request line and header of one request", 256,
              kMaxHeaderBytes);
  flags.bytes("max-body-bytes", http.body_bytes, "Body of one request");
  flags.bytes("max-body-memory-bytes", http.body_memory_bytes, "All bodies being held");
  flags.count("max-connections", http.connections, "CONNECTIONS", "Open connections", 1);
  flags.millis("idle-timeout-ms", http.idle_timeout, "Wait between two requests");
  flags.millis("header-timeout-ms", http.header_timeout,
               "From a request's first byte to the end of its header");
  flags.millis(
      "read-timeout-ms", http.read_timeout,
      "Wait for more of a body; for one of over 64 KB, in all that it is behind 16 KiB a second");
  flags.millis("write-timeout-ms", http.write_timeout,
               "Wait for a client to take more of an answer, in the same way");
}

void add_tls_flags(CLI::App& app, TlsSettings& tls) {
  Flags flags(app, "TLS");
  CLI::Option* const certificate =
      flags
          .text("tls-cert", tls.certificate, "FILE",
                "Certificate in PEM, with those that signed it; connections are over TLS then")
          ->default_str(std::string(kNoSetting));
  CLI::Option* const key = flags
                               .text("tls-key", tls.key, "FILE",
                                     "Its key in PEM, without a passphrase; both are read again "
                                     "when they change")
                               ->default_str(std::string(kNoSetting));
  certificate->needs(key);
  key->needs(certificate);
  flags
      .text("tls-client-ca", tls.client_ca, "FILE",
            "Clients need a certificate that one of these authorities signed")
      ->default_str(std::string(kNoSetting))
      ->needs(certificate);
}

void add_browser_flags(CLI::App& app, OriginSettings& origins) {
  Flags flags(app, "Browsers");
  flags
      .list("cors-origin", origins.cors_origins, "ORIGIN",
            "Whose pages may call the server, like https://app.example.org; *: all pages")
      ->check(CLI::Validator(check_text<check_cors_origin>, ""));
  flags
      .list("allowed-host", origins.allowed_hosts, "HOST[:PORT]",
            "What Host may be besides the server's own, for a proxy in front; *: anything")
      ->check(CLI::Validator(check_text<check_allowed_host>, ""));
}

// What a module gets by default and may ask for.
void add_module_flags(CLI::App& app, ServeConfig& config) {
  Flags flags(app, "Limits of a module");
  flags.count("max-functions", config.module.functions, "FUNCTIONS",
              "Functions of its code; what has more is refused", 1, ModuleBounds::kMaxFunctions);
  LimitsConfig& limits = config.limits;
  flags.count("max-revisions", limits.max_revisions, "REVISIONS",
              "That are kept of it, the current one included; the oldest go; 0: all");
  LimitValues& standard = limits.defaults;
  LimitValues& maxima = limits.maxima;
  flags.count("default-timeout-ms", standard.timeout_ms, "MILLISECONDS", "Deadline of a call", 1,
              kMaxMillis);
  flags.count("max-timeout-ms", maxima.timeout_ms, "MILLISECONDS",
              "The longest that a module may ask for", 1, kMaxMillis);
  flags.bytes("default-memory-bytes", standard.memory_bytes,
              "Memory of a call, all its memories together");
  flags.bytes("max-memory-bytes", maxima.memory_bytes, "The most that a module may ask for");
  flags.bytes("default-output-bytes", standard.output_bytes, "Output of a call");
  flags.bytes("max-output-bytes", maxima.output_bytes, "The most that a module may ask for");
  flags.count("default-concurrency", standard.max_concurrency, "CALLS", "Running calls; 0: no cap");
  flags.count("max-concurrency", maxima.max_concurrency, "CALLS",
              "The most that a module may ask for; 0: no cap");
  flags.count("default-queue", standard.max_queue, "CALLS", "Waiting calls; 0: no cap");
  flags.count("max-queue", maxima.max_queue, "CALLS",
              "The most that a module may ask for; 0: no cap");
}

void add_execution_flags(CLI::App& app, ServeConfig& config) {
  Flags flags(app, "Execution");
  flags.count("running-calls", config.running_calls, "CALLS",
              "Calls of all modules that run; 0: one per pool slot");
  flags.count("waiting-calls", config.waiting_calls, "CALLS",
              "Calls of all modules that wait; beyond it 503");
  flags.count("background-threads", config.background_threads, "THREADS",
              "For calls beyond their first time slice; 0: one per core", 0, kMaxThreads);
  flags.count("pool-slots", config.engine.pool_slots, "INSTANCES",
              "Instances that may live at once; less when the address space is too small", 1);
  flags.bytes("max-stack-bytes", config.engine.max_wasm_stack_bytes, "Stack of a call", 64U << 10);
  flags.count("max-table-elements", config.engine.table_elements, "ELEMENTS",
              "Elements of one table");
  flags.millis("slice-ms", config.engine.slice, "Time slice of a call");
  flags.count("compile-threads", config.compiler.threads, "THREADS",
              "Cores that compiling may use, in processes of its own; 0: all", 0, kMaxThreads);
  flags.count("compile-queue", config.compiler.queue, "MODULES",
              "Modules that wait to be compiled");
  flags.bytes("compile-queue-bytes", config.compiler.queue_bytes, "Code of those");
  flags.bytes("compile-memory-bytes", config.compiler.memory_bytes,
              "Memory of one compilation; beyond it the module fails", 64U << 20);
  flags.millis("compile-cpu-ms", config.compiler.limits.cpu,
               "CPU time of one compilation; beyond it the module fails");
  flags.bytes("module-cache-bytes", config.module_cache_bytes,
              "Compiled code that is kept in memory");
}

void add_egress_flags(CLI::App& app, ServeConfig& config) {
  Flags flags(app, "Requests of guests");
  EgressSettings& egress = config.engine.egress;
  flags
      .text("egress", config.egress, "WHO",
            "modules: a component may send requests to the hosts that its module names; off: to "
            "none")
      ->check(CLI::IsMember({"modules", "off"}).description(""));
  flags
      .list("egress-allow", egress.allow, "HOST[:PORT]",
            "The only hosts that modules may name, like api.example.org or *.example.net; none: "
            "any")
      ->check(CLI::Validator(check_egress_pattern, ""));
  flags.flag("egress-private", egress.private_addresses,
             "Also to loopback, private and link-local addresses");
  flags
      .text("egress-ca-file", egress.ca_file, "FILE",
            "Authorities in PEM that TLS trusts; none: the system's")
      ->default_str(std::string(kNoSetting));
  flags.count("egress-connections", egress.connections, "CONNECTIONS",
              "Connections to such hosts, of all calls", 1, 1'000'000);
  flags.count("egress-requests", egress.requests, "REQUESTS", "Requests of one call");
  flags.bytes("egress-bytes", egress.bytes, "Bodies of one call's requests and their answers");
}

void add_write_flags(CLI::App& app, ServeConfig& config) {
  Flags flags(app, "Writing");
  flags.bytes("store-bytes", config.store.max_bytes, "What the database may hold; beyond it 507",
              1U << 20);
  flags.bytes("store-cache-bytes", config.store.cache_bytes,
              "Blocks of the database that are kept in memory");
  flags.bytes("store-reserve-bytes", config.store.reserve_bytes,
              "Kept on the disk for deletes when it is full");
  flags.bytes("store-log-bytes", config.store.log_bytes,
              "The database's log, and the tables in memory that it is for", 1U << 20, 1U << 30);
  flags.bytes("backup-rate-bytes", config.backup_rate_bytes,
              "A second that a backup reads, beside all else; 0: as fast as it goes");
  flags.count("channel-jobs", config.channel.jobs, "JOBS",
              "Writes that wait for the runner; beyond it 503", 1);
  flags.bytes("channel-bytes", config.channel.bytes, "Code in them", 1);
  flags.count("check-threads", config.check_threads, "THREADS",
              "For validating large modules; 0: one per core", 0, kMaxThreads);
  flags.count("check-queue", config.check_queue, "MODULES",
              "Large modules that are or wait to be validated; beyond it 503", 1);
  flags.bytes("check-cache-bytes", config.check_cache_bytes,
              "What is remembered of validated modules");
}

}  // namespace

void add_serve_flags(CLI::App& app, ServeConfig& config) {
  add_server_flags(app, config);
  add_http_flags(app, config.http);
  add_tls_flags(app, config.tls);
  add_browser_flags(app, config.origins);
  add_module_flags(app, config);
  add_execution_flags(app, config);
  add_egress_flags(app, config);
  add_write_flags(app, config);
}

std::string environment_name(std::string_view flag) {
  std::string name = "WASM_SERVER_";
  for (const char c : flag) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

}  // namespace wasm_server
