#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/api/api_client.h"
#include "cli/commands/commands.h"
#include "cli/progress.h"
#include "cli/text/json_view.h"
#include "cli/text/table.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "ls",
    .summary = "lists the modules, by id",
    .usage = "[OPTIONS] [PREFIX]",
    .description =
        "Lists the modules whose ids begin with PREFIX, or all. With --json: one "
        "{\"items\": [...]} with each module's metadata."};

constexpr std::uint64_t kPage = 100;

Colour colour_of(const std::string& state) {
  if (state == "ready") return Colour::kGreen;
  return state == "failed" ? Colour::kRed : Colour::kYellow;
}

std::string labels_text(const ModuleView& module) {
  std::string text;
  for (const auto& [name, value] : module.labels) {
    if (!text.empty()) text += ',';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::vector<Cell> row_of(const ModuleView& module) {
  return {{module.id},
          {module.kind},
          {module.state, colour_of(module.state)},
          {std::to_string(module.revision)},
          {size_text(module.size)},
          {module.updated_at},
          {labels_text(module)}};
}

std::vector<Cell> header() {
  std::vector<Cell> cells;
  for (const char* name : {"ID", "KIND", "STATE", "REVISION", "SIZE", "UPDATED", "LABELS"})
    cells.push_back({name, Colour::kBold});
  return cells;
}

class List : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("PREFIX", prefix_, "What the ids begin with");
    app.add_option("--label", labels_, "Only modules with that label; may be given several times")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    app.add_option("--kind", kind_, "Only modules of that kind")
        ->type_name("KIND")
        ->check(CLI::IsMember({"module", "command", "component", "http"}).description(""));
    app.add_option("--limit", limit_, "At most so many; 0: all")
        ->type_name("NUMBER")
        ->capture_default_str();
    app.add_flag("-q,--quiet", quiet_, "Only the ids");
  }

  Outcome<int> run(const Session& session) override {
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    if (!quiet_) rows_.push_back(header());
    std::string after;
    do {
      TRY_ASSIGN(after, take_page(api, after));
    } while (!after.empty() && left() > 0);
    if (session.json) {
      TRY(session.terminal.write("{\"items\":[" + json_ + "]}\n"));
    }
    if (!session.json) {
      TRY(session.terminal.write(table(session.terminal, rows_)));
    }
    return kDone;
  }

 private:
  std::uint64_t left() const { return limit_ == 0 ? kPage : limit_ - std::min(limit_, taken_); }

  std::string target(const std::string& after) const {
    std::string path = "/wasm?limit=" + std::to_string(std::min(left(), kPage));
    if (!prefix_.empty()) path += "&prefix=" + url_encode(prefix_);
    if (!kind_.empty()) path += "&kind=" + url_encode(kind_);
    for (const std::string& label : labels_) path += "&label=" + url_encode(label);
    if (!after.empty()) path += "&after=" + url_encode(after);
    return path;
  }

  // What the next page comes after; empty when this was the last one.
  Outcome<std::string> take_page(ApiClient& api, const std::string& after) {
    HttpRequest request;
    request.target = target(after);
    TRY_ASSIGN(const HttpAnswer answer, api.call(request));
    const auto document = parse_json(std::string_view(answer.body));
    const auto items = document ? array_member(document->root(), "items") : std::nullopt;
    if (!items) return std::unexpected{api.no_answer_of_ours()};
    for (const JsonValue item : *items) take(item);
    std::string next(text_member(document->root(), "next"));
    // A server that does not move on would keep this going for ever.
    if (next <= after) return std::string{};
    return next;
  }

  void take(JsonValue item) {
    const auto module = module_view(item);
    if (!module) return;
    ++taken_;
    if (!json_.empty()) json_ += ',';
    append_json(json_, item);
    rows_.push_back(quiet_ ? std::vector<Cell>{{module->id}} : row_of(*module));
  }

  std::string prefix_;
  std::vector<std::string> labels_;
  std::string kind_;
  std::uint64_t limit_ = 0;
  bool quiet_ = false;

  std::uint64_t taken_ = 0;
  std::string json_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace

std::unique_ptr<Command> list_command() { return std::make_unique<List>(); }

}  // namespace wasm_server::cli
