#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/guest_call.h"
#include "cli/run_command.h"
#include "cli/store_code.h"
#include "cli/text/words.h"
#include "cli/watch.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "run",
    .summary = "calls a module's function, or runs a command",
    .usage = "[OPTIONS] ID|FILE [ARGUMENT...]",
    .description =
        "Calls the function of the module ID with these arguments, each read as the type of its "
        "parameter; --NAME VALUE is for the parameter of that name. The results are printed, one a "
        "line, in JSON.\n"
        "\n"
        "A command (a module with a _start, or a component that can be run) gets the arguments as "
        "they are. Its standard input is that of this program unless that is a terminal, its "
        "output is written as it comes, and its exit code is that of this program.\n"
        "\n"
        "A word with a slash, like ./add.wasm, is a file. Its code is sent unless the server has "
        "it, under an id made of its digest (label origin=local-file), and stays there.\n"
        "\n"
        "Options stand before ID; all behind it is the guest's."};

class Run : public Command {
 public:
  const CommandText& text() const override { return kText; }
  ExitCode wrong_usage() const override { return kWrongRun; }

  void define(CLI::App& app) override {
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
    app.add_flag("--watch", watch_, "Run FILE again at each change of it");
  }

  Outcome<int> run(const Session& session) override {
    call_.json = session.json;
    TRY_ASSIGN(const std::string target, take_words());
    TRY(read_options());
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    if (watch_) return watch(api, session.terminal, target);
    if (names_file(target)) {
      TRY_ASSIGN(const Stored stored, stored_file(api, session.terminal, target));
      return call_guest(api, session.terminal, stored.module, call_);
    }
    TRY_ASSIGN(const ModuleView module, api.module(target, call_.revision));
    return call_guest(api, session.terminal, module, call_);
  }

 private:
  // What the parser left: the module, and all behind it.
  Outcome<std::string> take_words() {
    std::vector<std::string> words = app_->remaining();
    if (!words.empty() && words.front() == "--") {
      words.erase(words.begin());
    } else if (!words.empty() && words.front().starts_with("-")) {
      return failure(kWrongRun,
                     unknown_option(*app_, words.front()) + " (see wasm-server run --help)");
    }
    if (words.empty()) {
      return failure(kWrongRun,
                     "a module is missing: an id, or a file like ./add.wasm (see "
                     "wasm-server run --help)");
    }
    std::string target = std::move(words.front());
    call_.words.assign(words.begin() + 1, words.end());
    return target;
  }

  Outcome<void> read_options() {
    auto env = read_pairs(env_, "--env");
    if (!env) return failure(kWrongRun, env.error().message);
    call_.env = *std::move(env);
    if (timeout_.empty()) return {};
    call_.timeout = read_duration(timeout_);
    if (call_.timeout) return {};
    return failure(kWrongRun,
                   "--timeout takes a time like 250ms, 2s or 1m, not " + quote(shorten(timeout_)));
  }

  static Outcome<Stored> stored_file(ApiClient& api, const Terminal& terminal,
                                     const std::string& file) {
    TRY_ASSIGN(const LocalModule code, read_module(file));
    return store_by_digest(api, terminal, code);
  }

  // Until a signal ends it. Of all the states of the file only the last one stays on the server.
  Outcome<int> watch(ApiClient& api, const Terminal& terminal, const std::string& file) const {
    if (!names_file(file)) {
      return failure(kWrongRun, "--watch wants a file, a word with a slash like ./" + file);
    }
    TRY_ASSIGN(FileWatch changes, FileWatch::start(file));
    std::string made;  // the id of the last state, if this made it
    while (true) {
      const Outcome<int> code = run_state(api, terminal, file, made);
      if (!code) {
        terminal.complain(code.error().message);
      } else if (*code != 0) {
        terminal.note("exit code " + std::to_string(*code));
      }
      terminal.note("watching " + file + "; Ctrl-C ends it");
      TRY(changes.wait_for_change());
    }
  }

  Outcome<int> run_state(ApiClient& api, const Terminal& terminal, const std::string& file,
                         std::string& made) const {
    TRY_ASSIGN(const Stored stored, stored_file(api, terminal, file));
    if (!made.empty() && made != stored.module.id) {
      TRY(api.remove(made));
      made.clear();
    }
    if (!stored.was_there) made = stored.module.id;
    return call_guest(api, terminal, stored.module, call_);
  }

  const CLI::App* app_ = nullptr;
  GuestCall call_;
  bool watch_ = false;
  std::string timeout_;
  std::vector<std::string> env_;
};

}  // namespace

std::unique_ptr<Command> run_guest_command() { return std::make_unique<Run>(); }

}  // namespace wasm_server::cli
