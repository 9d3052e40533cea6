#include "cli/guest_words.h"

#include <utility>

#include "base/text.h"
#include "cli/run_command.h"
#include "cli/text/words.h"

namespace wasm_server::cli {

void GuestWords::define(CLI::App& app) {
  app_ = &app;
  app.prefix_command();
  app.add_option("--function", call_.function, "The function to call")->type_name("NAME");
  app.add_option("--revision", call_.revision, "An older revision of the module")
      ->type_name("NUMBER");
  app.add_option("--timeout", timeout_, "Stop the guest after so long: 250ms, 2s, 1m")
      ->type_name("TIME");
  app.add_option("--env", env_, "A variable of its environment; may be given several times")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

Outcome<std::string> GuestWords::read() {
  TRY_ASSIGN(std::string target, take_words());
  TRY(read_options());
  return target;
}

std::string GuestWords::help_hint() const { return " (see " + app_->get_name() + " --help)"; }

// What the parser left: the module, and all behind it.
Outcome<std::string> GuestWords::take_words() {
  std::vector<std::string> words = app_->remaining();
  if (!words.empty() && words.front() == "--") {
    words.erase(words.begin());
  } else if (!words.empty() && words.front().starts_with("-")) {
    return failure(kWrongRun, unknown_option(*app_, words.front()) + help_hint());
  }
  if (words.empty()) {
    return failure(kWrongRun,
                   "a module is missing: an id, or a file like ./add.wasm" + help_hint());
  }
  std::string target = std::move(words.front());
  call_.words.assign(words.begin() + 1, words.end());
  return target;
}

Outcome<void> GuestWords::read_options() {
  auto env = read_pairs(env_, "--env");
  if (!env) return failure(kWrongRun, env.error().message);
  call_.env = *std::move(env);
  if (timeout_.empty()) return {};
  call_.timeout = read_duration(timeout_);
  if (call_.timeout) return {};
  return failure(kWrongRun,
                 "--timeout takes a time like 250ms, 2s or 1m, not " + quote(shorten(timeout_)));
}

}  // namespace wasm_server::cli
