#include <string>
#include <utility>

#include "cli/commands/commands.h"
#include "cli/guest_call.h"
#include "cli/guest_words.h"
#include "cli/store_code.h"
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
    words_.define(app);
    app.add_flag("--watch", watch_, "Run FILE again at each change of it");
  }

  Outcome<int> run(const Session& session) override {
    words_.call().json = session.json;
    TRY_ASSIGN(const std::string target, words_.read());
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    if (watch_) return watch(api, session.terminal, target);
    if (names_file(target)) {
      TRY_ASSIGN(const Stored stored, stored_file(api, session.terminal, target));
      return call_guest(api, session.terminal, stored.module, words_.call());
    }
    TRY_ASSIGN(const ModuleView module, api.module(target, words_.call().revision));
    return call_guest(api, session.terminal, module, words_.call());
  }

 private:
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
    return call_guest(api, terminal, stored.module, words_.call());
  }

  GuestWords words_;
  bool watch_ = false;
};

}  // namespace

std::unique_ptr<Command> run_guest_command() { return std::make_unique<Run>(); }

}  // namespace wasm_server::cli
