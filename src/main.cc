#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app.h"
#include "base/free_memory.h"
#include "base/line_writer.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/run_command.h"
#include "cli/shell/complete.h"
#include "commands.h"
#include "compile/worker/worker_main.h"
#include "config.h"
#include "logging.h"
#include "service_manager.h"
#include "signals.h"
#include "standard_streams.h"

namespace wasm_server {
namespace {

constexpr int kStopped = 0;
constexpr int kFailed = 1;
constexpr std::chrono::milliseconds kLook{500};  // how often the store is asked whether it failed

// For who reads what is printed, who may not.
constexpr std::chrono::milliseconds kMaxWriteTime{1000};

// Behind the lines of the log.
int say_failure(const std::string& why) {
  flush_log();
  write_within(STDERR_FILENO, "wasm-server: " + why + "\n", kMaxWriteTime);
  return kFailed;
}

// What is wrong with them is logged, and all stay as they are.
void read_settings_again(App& app, std::span<char*> arguments) {
  const auto command = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
  if (const auto* config = std::get_if<ServeConfig>(&command)) {
    app.take_settings(*config);
  } else if (const auto* refused = std::get_if<ExitNow>(&command)) {
    log_error("the settings stay as they are: " + std::string(trim(refused->text)));
  }
}

int serve(ServeConfig config, std::span<char*> arguments) {
  Signals signals;  // before any thread is started
  set_up_logging(config.log_level,
                 config.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  raise_open_file_limit();
  const std::string lost_store = "lost the store in " + config.data.string() +
                                 ": a commit failed; start again to see what is on disk";
  App app(std::move(config));
  const Result<void> started = app.start();
  if (!started) return say_failure(started.error().message);
  write_within(STDOUT_FILENO, "listening on " + app.url() + "\n", kMaxWriteTime);
  tell_service_manager("READY=1\nSTATUS=listening on " + app.url());
  // Closing the terminal that it was started on stops it; as a service it has none.
  const bool on_terminal = isatty(STDIN_FILENO) == 1;
  for (bool stopped = false; !stopped && !app.lost_store();) {
    const Signal signal = signals.wait_for(kLook);
    stopped = signal == Signal::kStop || (signal == Signal::kReload && on_terminal);
    if (stopped) break;
    app.refresh_tls(signal == Signal::kReload);
    if (signal == Signal::kReload) read_settings_again(app, arguments);
    app.drop_old_backups();
  }
  signals.let_through();
  tell_service_manager("STOPPING=1\nSTATUS=ending what runs");
  app.stop();
  const int code = app.lost_store() ? say_failure(lost_store) : kStopped;
  flush_log();
  return code;
}

// Empty when it is none of the commands that end by themselves.
std::optional<int> run_command(std::span<char*> arguments) {
  if (arguments.size() < 2) return std::nullopt;
  const std::vector<std::string> behind(arguments.begin() + 2, arguments.end());
  if (arguments[1] == cli::kCompleteCommand) return cli::print_candidates(all_commands(), behind);
  const auto command = find_command(arguments[1]);
  if (!command) return std::nullopt;
  return cli::run_command(*command, all_commands(), behind);
}

}  // namespace
}  // namespace wasm_server

int main(int argc, char** argv) {
  using namespace wasm_server;
  if (!open_missing_streams()) return kFailed;
  if (argc == 2 && argv[1] == kCompileWorkerCommand) return compile_worker_main();
  try {
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    if (const auto code = run_command(arguments)) return *code;
    auto command = parse_command_line(argc, argv);
    keep_little_free_memory();
    if (auto* config = std::get_if<ServeConfig>(&command))
      return serve(std::move(*config), arguments);
    const auto& exit_now = std::get<ExitNow>(command);
    std::fputs(exit_now.text.c_str(), exit_now.code == 0 ? stdout : stderr);
    return exit_now.code;
  } catch (const std::exception& error) {
    return say_failure(error.what());
  }
}
