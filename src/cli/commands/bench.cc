#include <chrono>
#include <string>
#include <utility>

#include "base/text.h"
#include "cli/api/problem.h"
#include "cli/bench/load.h"
#include "cli/bench/report.h"
#include "cli/commands/commands.h"
#include "cli/guest_words.h"
#include "cli/store_code.h"
#include "cli/text/words.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "bench",
    .summary = "calls a module over and over, and says how fast that was",
    .usage = "[OPTIONS] ID|FILE [ARGUMENT...]",
    .description =
        "Makes the call that `run` makes with these words for --time over --connections, each of "
        "which makes its next call when it has the answer to its last, and prints calls a second, "
        "how long they took, the errors by their codes, what the server says it spent on them, and "
        "what this program spent itself. A command gets no standard input, and its output is "
        "dropped.\n"
        "\n"
        "Rate and latencies are those of the calls that succeeded. Each connection makes one call "
        "before, which does not count. Ctrl-C ends it early. The exit code is 123 when no call "
        "succeeded.\n"
        "\n"
        "This program takes more CPU for a call than the server does for a small function, and "
        "says how much: a server on the same machine has so much less."};

constexpr unsigned kMaxConnections = 1024;
constexpr std::chrono::hours kMaxTime{24};

// Only `run` has a code of its own for wrong usage.
template <class T>
Outcome<T> as_wrong_usage(Outcome<T> outcome) {
  if (!outcome && outcome.error().code == kWrongRun) outcome.error().code = kWrongUsage;
  return outcome;
}

class Bench : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("--connections", plan_.connections, "How many calls are under way at once")
        ->type_name("NUMBER")
        ->capture_default_str()
        ->check(CLI::Range(1U, kMaxConnections).description(""));
    app.add_option("--time", time_, "How long: 500ms, 10s, 1m")
        ->type_name("TIME")
        ->capture_default_str();
    words_.define(app);
  }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(const std::string target, as_wrong_usage(words_.read()));
    TRY(read_time());
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    TRY_ASSIGN(const ModuleView module, module_of(api, session.terminal, target));
    std::string body;
    TRY_ASSIGN(const HttpRequest request,
               as_wrong_usage(repeatable_request(module, words_.call(), body)));
    TRY(try_once(api, request));
    const LoadOutcome load = generate_load(api.server(), request, plan_);
    TRY(session.terminal.write(session.json ? load_json(load, plan_)
                                            : load_text(session.terminal, load, plan_)));
    return load.succeeded() > 0 ? kDone : kRefused;
  }

 private:
  Outcome<void> read_time() {
    const auto time = read_duration(time_);
    if (time && *time <= kMaxTime) {
      plan_.time = *time;
      return {};
    }
    return failure(kWrongUsage, "--time takes a time like 500ms, 10s or 1m, at most a day, not " +
                                    quote(shorten(time_)));
  }

  Outcome<ModuleView> module_of(ApiClient& api, const Terminal& terminal,
                                const std::string& target) const {
    if (!names_file(target)) return api.module(target, words_.call().revision);
    TRY_ASSIGN(const LocalModule code, read_module(target));
    TRY_ASSIGN(Stored stored, store_by_digest(api, terminal, code));
    return std::move(stored.module);
  }

  // A call that cannot succeed is said so at once, with its reason.
  static Outcome<void> try_once(ApiClient& api, const HttpRequest& request) {
    TRY_ASSIGN(const HttpAnswer answer, api.send(request));
    if (answer.status >= 200 && answer.status < 300) return {};
    return std::unexpected{failure_of(answer, api.server())};
  }

  GuestWords words_;
  std::string time_ = "5s";
  LoadPlan plan_;
};

}  // namespace

std::unique_ptr<Command> bench_command() { return std::make_unique<Bench>(); }

}  // namespace wasm_server::cli
