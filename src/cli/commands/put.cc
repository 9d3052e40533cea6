#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/store_code.h"
#include "cli/text/words.h"
#include "cli/watch.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "put",
    .summary = "stores a module, or new code for one",
    .usage = "[OPTIONS] FILE",
    .description =
        "Stores the module in FILE, binary or WebAssembly text, under the file's name without its "
        "ending, or under --id. If the server has a module of that id, its code becomes a new "
        "revision; if it has this very code already, nothing is sent.\n"
        "\n"
        "FILE may be -, which is standard input; without --id the server then makes an id.\n"
        "\n"
        "Waits until the module is compiled, so that whoever runs it next does not wait."};

class Put : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("FILE", file_, "Module to store; -: standard input")->required();
    app.add_option("--id", id_, "Id of the module")->type_name("ID");
    app.add_option("--label", labels_, "A label of it; may be given several times")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    app.add_option("--function", function_, "What is run when nothing else is said")
        ->type_name("NAME");
    CLI::Option* const no_wait =
        app.add_flag("--no-wait", no_wait_, "Do not wait until it is compiled");
    app.add_flag("--watch", watch_,
                 "Store it again at each change of FILE; the old code serves until the new one is "
                 "compiled")
        ->excludes(no_wait);
  }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(request_.labels, read_pairs(labels_, "--label"));
    request_.function = function_;
    TRY_ASSIGN(request_.id, chosen_id());
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    return watch_ ? watch(session, api) : put(session, api);
  }

 private:
  Outcome<int> put(const Session& session, ApiClient& api) const {
    TRY_ASSIGN(const LocalModule code, read_module(file_));
    TRY_ASSIGN(Stored stored, store(session.terminal, api, code));
    TRY(print_revision(session, api, stored.module, stored.was_there ? "unchanged" : ""));
    return kDone;
  }

  Outcome<Stored> store(const Terminal& terminal, ApiClient& api, const LocalModule& code) const {
    if (watch_) return store_when_ready(api, terminal, code, request_);
    TRY_ASSIGN(Stored stored, store_code(api, terminal, code, request_));
    if (no_wait_) return stored;
    TRY_ASSIGN(stored.module, wait_until_ready(api, terminal, std::move(stored.module)));
    return stored;
  }

  // Until a signal ends it. What goes wrong with one state of the file is told, and mended by the
  // next.
  Outcome<int> watch(const Session& session, ApiClient& api) const {
    if (file_ == "-") return failure(kWrongUsage, "--watch wants a file");
    TRY_ASSIGN(FileWatch changes, FileWatch::start(file_));
    while (true) {
      const Outcome<int> done = put(session, api);
      if (!done) session.terminal.complain(done.error().message);
      session.terminal.note("watching " + file_ + "; Ctrl-C ends it");
      TRY(changes.wait_for_change());
    }
  }

  Outcome<std::string> chosen_id() const {
    if (!id_.empty()) {
      if (is_valid_id(id_)) return id_;
      return failure(kWrongUsage, quote(shorten(id_)) +
                                      " is no id: letters, digits, '.', '_' and '-', at most 128");
    }
    std::string id = id_of_file(file_);
    if (!id.empty() || file_ == "-") return id;
    return failure(kWrongUsage, "the name of " + file_ + " is no id; --id gives one");
  }

  std::string file_;
  std::string id_;
  std::vector<std::string> labels_;
  std::string function_;
  bool no_wait_ = false;
  bool watch_ = false;
  StoreRequest request_;
};

}  // namespace

std::unique_ptr<Command> put_command() { return std::make_unique<Put>(); }

}  // namespace wasm_server::cli
