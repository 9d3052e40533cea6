#include "config_flags.h"

#include <cctype>
#include <concepts>
#include <limits>

#include "http/listen.h"

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

  template <std::unsigned_integral T>
  void count(const char* name, T& value, const char* unit, const char* description,
             std::uint64_t least = 0, std::uint64_t most = kNoMaximum) {
    const auto set = [&value](const std::uint64_t& given) { value = static_cast<T>(given); };
    const std::uint64_t limit = std::min<std::uint64_t>(most, std::numeric_limits<T>::max());
    number(name, set, std::to_string(value), unit, description)
        ->check(CLI::Range(least, limit).description(""));
  }

  template <std::unsigned_integral T>
  void bytes(const char* name, T& value, const char* description, std::uint64_t least = 0,
             std::uint64_t most = kNoMaximum) {
    const auto set = [&value](const std::uint64_t& given) { value = static_cast<T>(given); };
    number(name, set, size_text(value), "BYTES", description)
        ->transform(CLI::AsSizeValue(false).description(""))
        ->check(CLI::Range(least, most).description(""));
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

void add_server_flags(CLI::App& app, ServeConfig& config) {
  Flags flags(app, "Server");
  flags
      .text("listen", config.listen, "HOST:PORT",
            "Address to listen on; port 0 takes a free one, [::1]:0 is IPv6")
      ->check(CLI::Validator(check_listen, ""));
  flags.text("data", config.data, "DIR", "Directory of the database; made when it is not there");
  flags.count("workers", config.workers, "THREADS", "Event loops; 0: one per core", 0, kMaxThreads);
  flags.millis("grace-ms", config.grace, "How long what runs may take to end after SIGTERM", 0);
  flags.text("log-level", config.log_level, "LEVEL", "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}).description(""));
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

// What a module gets by default and may ask for.
void add_module_flags(CLI::App& app, LimitsConfig& limits) {
  Flags flags(app, "Limits of a module");
  LimitValues& standard = limits.defaults;
  LimitValues& most = limits.maxima;
  flags.count("default-timeout-ms", standard.timeout_ms, "MILLISECONDS", "Deadline of a call", 1,
              kMaxMillis);
  flags.count("max-timeout-ms", most.timeout_ms, "MILLISECONDS",
              "The longest that a module may ask for", 1, kMaxMillis);
  flags.bytes("default-memory-bytes", standard.memory_bytes,
              "Memory of a call, all its memories together");
  flags.bytes("max-memory-bytes", most.memory_bytes, "The most that a module may ask for");
  flags.bytes("default-output-bytes", standard.output_bytes, "Output of a call");
  flags.bytes("max-output-bytes", most.output_bytes, "The most that a module may ask for");
  flags.count("default-concurrency", standard.max_concurrency, "CALLS", "Running calls; 0: no cap");
  flags.count("max-concurrency", most.max_concurrency, "CALLS",
              "The most that a module may ask for; 0: no cap");
  flags.count("default-queue", standard.max_queue, "CALLS", "Waiting calls; 0: no cap");
  flags.count("max-queue", most.max_queue, "CALLS",
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
  flags.count("compile-threads", config.engine.compile_threads, "THREADS",
              "Compilers; 0: one per core", 0, kMaxThreads);
  flags.count("compile-queue", config.compile_queue, "MODULES", "Modules that wait to be compiled");
  flags.bytes("module-cache-bytes", config.module_cache_bytes,
              "Compiled code that is kept in memory");
}

void add_write_flags(CLI::App& app, ServeConfig& config) {
  Flags flags(app, "Writing");
  flags.bytes("store-bytes", config.store.max_bytes, "What the database may hold; beyond it 507",
              1U << 20);
  flags.count("store-readers", config.store.max_readers, "READS",
              "Reads of the database at the same time", 1, 32'768);
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
  add_module_flags(app, config.limits);
  add_execution_flags(app, config);
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
