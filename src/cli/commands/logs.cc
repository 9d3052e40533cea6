#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/api/api_client.h"
#include "cli/commands/commands.h"
#include "cli/text/json_view.h"
#include "cli/text/printable.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "logs",
    .summary = "shows how a module's executions ended",
    .usage = "[OPTIONS] ID",
    .description =
        "Shows the newest executions of the module ID that the server has in its log, newest last: "
        "when each ended, how, how long it ran, and below it what it wrote to its standard error. "
        "With --json each is a line of JSON."};

// One line never ends by what a guest wrote, which is escaped.
std::string lines_of(const Terminal& terminal, JsonValue entry) {
  const auto text = [entry](std::string_view name) { return text_member(entry, name); };
  const std::string_view ended = text("ended");
  const bool is_good =
      ended == "returned" || ended == "answered" || (ended == "exited" && text("exit_code") == "0");
  std::string end(ended);
  if (!text("exit_code").empty()) end.append(" ").append(text("exit_code"));
  std::string line = printable(text("ended_at")) + "  r" + printable(text("revision")) + "  " +
                     printable(text("run_us")) + " us  " +
                     terminal.coloured(printable(end), is_good ? Colour::kGreen : Colour::kRed);
  if (!text("function").empty()) line += "  " + printable(text("function"));
  if (!text("request_id").empty()) line += "  " + printable(text("request_id"));
  line += '\n';
  if (!text("detail").empty()) line += "    " + printable(text("detail")) + '\n';
  std::string written(text("stderr"));
  if (auto bytes = decode_base64(text("stderr_base64")); bytes && written.empty())
    written = *std::move(bytes);
  for (std::string_view rest = written; !rest.empty();) {
    const std::size_t end_of_line = std::min(rest.find('\n'), rest.size());
    line += "  | " + printable(rest.substr(0, end_of_line)) + '\n';
    rest.remove_prefix(std::min(end_of_line + 1, rest.size()));
  }
  return line;
}

// Takes server-sent events apart as they come.
class EventReader {
 public:
  // The data of each event that is whole.
  std::vector<std::string> take(std::string_view bytes) {
    waiting_ += bytes;
    std::vector<std::string> events;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = waiting_.find('\n', at)) != std::string::npos; at = end + 1) {
      const std::string_view line = std::string_view(waiting_).substr(at, end - at);
      if (line.starts_with("data: ")) events.emplace_back(line.substr(6));
    }
    waiting_.erase(0, at);
    return events;
  }
  // Bytes of one that is not whole.
  std::size_t waiting() const { return waiting_.size(); }

 private:
  std::string waiting_;
};

class Logs : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("ID", id_, "The module")->required();
    app.add_option("--limit", limit_, "So many of the newest, 1 to 1000")
        ->type_name("NUMBER")
        ->check(CLI::Range(1, 1000).description(""))
        ->capture_default_str();
    app.add_flag("-f,--follow", follow_, "Go on with what ends from now on");
  }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    if (follow_) return follow(session, api);
    HttpRequest request;
    request.target = target();
    TRY_ASSIGN(const HttpAnswer answer, api.call(request));
    const auto document = parse_json(std::string_view(answer.body));
    const auto items = document ? array_member(document->root(), "items") : std::nullopt;
    if (!items) return std::unexpected{api.no_answer_of_ours()};
    for (const JsonValue item : *items) {
      TRY(print(session, item));
    }
    return kDone;
  }

 private:
  std::string target() const {
    return "/wasm/" + url_encode(id_) + "/logs?limit=" + std::to_string(limit_);
  }

  static Outcome<void> print(const Session& session, JsonValue entry) {
    if (!session.json) return session.terminal.write(lines_of(session.terminal, entry));
    std::string line;
    append_json(line, entry);
    return session.terminal.write(line + "\n");
  }

  // Until the module is gone. A server that restarts is waited for by whoever runs this.
  Outcome<int> follow(const Session& session, ApiClient& api) const {
    constexpr std::size_t kMaxEvent = 1U << 20;  // far more than one has
    EventReader reader;
    HttpRequest request;
    request.target = target() + "&follow=true";
    request.on_body = [&](std::string_view bytes) -> Outcome<void> {
      for (const std::string& event : reader.take(bytes)) {
        const auto document = parse_json(std::string_view(event));
        if (!document) return std::unexpected{api.no_answer_of_ours()};
        TRY(print(session, document->root()));
      }
      if (reader.waiting() > kMaxEvent) return std::unexpected{api.no_answer_of_ours()};
      return {};
    };
    TRY_ASSIGN(const HttpAnswer answer, api.call(request));
    if (answer.cut_off) return failure(kUnreachable, "the server broke the connection");
    return kDone;
  }

  std::string id_;
  std::uint64_t limit_ = 20;
  bool follow_ = false;
};

}  // namespace

std::unique_ptr<Command> logs_command() { return std::make_unique<Logs>(); }

}  // namespace wasm_server::cli
