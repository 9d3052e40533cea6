#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include "app.h"
#include "config.h"
#include "logging.h"
#include "signals.h"

namespace wasm_server {
namespace {

constexpr int kStopped = 0;
constexpr int kFailed = 1;
constexpr std::chrono::milliseconds kLook{500};  // how often the store is asked whether it failed

void print(std::FILE* stream, const std::string& text) {
  std::fputs(text.c_str(), stream);
  std::fflush(stream);
}

int say_failure(const std::string& why) {
  print(stderr, "wasm-server: " + why + "\n");
  return kFailed;
}

int serve(ServeConfig config) {
  StopSignals signals;  // before any thread is started
  set_up_logging(config.log_level);
  raise_open_file_limit();
  const std::string lost_store = "lost the store in " + config.data.string() +
                                 ": a commit failed; start again to see what is on disk";
  App app(std::move(config));
  const Result<void> started = app.start();
  if (!started) return say_failure(started.error().message);
  print(stdout, "listening on http://" + app.address() + "\n");
  while (!signals.wait_for(kLook) && !app.lost_store()) {
  }
  signals.let_through();
  const bool ended = app.stop();
  const int code = app.lost_store() ? say_failure(lost_store) : kStopped;
  if (!ended) std::_Exit(code);
  return code;
}

}  // namespace
}  // namespace wasm_server

int main(int argc, char** argv) {
  using namespace wasm_server;
  try {
    auto command = parse_command_line(argc, argv);
    if (auto* config = std::get_if<ServeConfig>(&command)) return serve(std::move(*config));
    const auto& exit_now = std::get<ExitNow>(command);
    print(exit_now.code == 0 ? stdout : stderr, exit_now.text);
    return exit_now.code;
  } catch (const std::exception& error) {
    return say_failure(error.what());
  }
}
