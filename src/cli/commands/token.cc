#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/json_text.h"
#include "base/text.h"
#include "cli/api/api_client.h"
#include "cli/commands/commands.h"
#include "cli/text/json_view.h"
#include "cli/text/printable.h"
#include "cli/text/words.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "token",
    .summary = "makes, lists, rotates and revokes access tokens",
    .usage = "[OPTIONS] ACTION [ID]",
    .description =
        "`create` makes a token with the given scopes and prints it, once: the server keeps no "
        "more "
        "than its hash. `ls` lists the tokens, without their secrets. `rotate` gives the token ID "
        "a "
        "new secret and prints it; the former one is good for --overlap more. `revoke` ends the "
        "token ID at once.\n"
        "\n"
        "With --data it works on a data directory of this machine, whether a server runs on it or "
        "not, and needs no token itself: so the first one is made. Else it needs one of scope "
        "admin."};

constexpr std::array kColumns{Column{"ID", "id"},
                              Column{"SCOPES", "scopes"},
                              Column{"PREFIX", "prefix"},
                              Column{"MODULES", "max_modules"},
                              Column{"BYTES", "max_bytes"},
                              Column{"CREATED", "created_at"},
                              Column{"EXPIRES", "expires_at"},
                              Column{"LAST USED", "last_used_at"}};

std::string json_of(std::string_view name, std::chrono::milliseconds time) {
  // To the next whole second: nobody gets less than was asked for.
  return quote(std::string(name)) + ":" +
         std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

class Token : public Command {
 public:
  explicit Token(OpenData open_data) : open_data_(std::move(open_data)) {}

  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("ACTION", action_, "create, ls, rotate or revoke")
        ->required()
        ->check(CLI::IsMember({"create", "ls", "rotate", "revoke"}).description(""));
    app.add_option("ID", id_, "The token that is rotated or revoked");
    app.add_option("--data", data_, "The data directory, instead of a server")->type_name("DIR");
    app.add_option("--scope", scopes_,
                   "What a new token allows: read, write, execute or admin; may be given several "
                   "times")
        ->type_name("SCOPE")
        ->check(CLI::IsMember({"read", "write", "execute", "admin"}).description(""))
        ->allow_extra_args(false);
    app.add_option("--prefix", prefix_, "A new token is for the ids that begin so")
        ->type_name("PREFIX");
    app.add_option("--max-modules", max_modules_,
                   "With a new token no more modules may be stored under its prefix")
        ->type_name("MODULES");
    app.add_option("--max-bytes", max_bytes_, "Nor more bytes: 500MB, 2GiB; all revisions count")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false).description(""));
    app.add_option("--expires", expires_, "A new token ends after so long: 12h, 30d")
        ->type_name("TIME");
    app.add_option("--overlap", overlap_,
                   "The former secret of a rotated one is good for so long: 10m, 24h")
        ->type_name("TIME");
  }

  Outcome<int> run(const Session& session) override {
    TRY(check_usage());
    TRY_ASSIGN(const DataServer server, chosen_server_or_data(session, data_, open_data_));
    ApiClient api(server.address);
    if (action_ == "create") return create(session, api);
    if (action_ == "ls") return print_items(session, api, "/tokens", kColumns);
    return action_ == "rotate" ? rotate(session, api) : revoke(session, api);
  }

 private:
  static std::unexpected<Failure> wrong(const std::string& why) {
    return failure(kWrongUsage, why + " (see wasm-server token --help)");
  }

  // Before anything is reached or made.
  Outcome<void> check_usage() {
    const bool is_new = action_ == "create";
    const bool needs_id = action_ == "rotate" || action_ == "revoke";
    if (needs_id && id_.empty()) return wrong("token " + action_ + " needs the token's ID");
    if (!needs_id && !id_.empty()) return wrong("token " + action_ + " takes no ID");
    if (is_new && scopes_.empty()) return wrong("token create needs a --scope");
    const bool has_quota = max_modules_ || max_bytes_;
    if (!is_new && !(scopes_.empty() && prefix_.empty() && expires_.empty() && !has_quota))
      return wrong(
          "--scope, --prefix, --max-modules, --max-bytes and --expires are for token create");
    if (action_ != "rotate" && !overlap_.empty()) return wrong("--overlap is for token rotate");
    if (!expires_.empty()) {
      TRY_ASSIGN(lifetime_, read_time("--expires", expires_));
    }
    if (!overlap_.empty()) {
      TRY_ASSIGN(overlap_time_, read_time("--overlap", overlap_));
    }
    return {};
  }

  static Outcome<std::chrono::milliseconds> read_time(std::string_view option,
                                                      const std::string& text) {
    if (const auto time = read_duration(text)) return *time;
    return wrong(std::string(option) + " takes a time like 12h or 30d, not " +
                 quote(shorten(text)));
  }

  static Outcome<HttpAnswer> post(ApiClient& api, std::string target, const std::string& json) {
    HttpRequest request;
    request.method = "POST";
    request.target = std::move(target);
    request.headers = {"Content-Type: application/json"};
    request.body = json;
    return api.call(request);
  }

  // The token alone, so that a script can take it.
  static Outcome<int> print_issued(const Session& session, const ApiClient& api,
                                   const HttpAnswer& answer) {
    if (session.json) {
      TRY(session.terminal.write(answer.body + "\n"));
      return kDone;
    }
    const auto document = parse_json(std::string_view(answer.body));
    const std::string_view token = document ? text_member(document->root(), "token") : "";
    if (token.empty()) return std::unexpected{api.no_answer_of_ours()};
    if (session.terminal.output_is_terminal())
      session.terminal.note("keep it: it is not shown again");
    TRY(session.terminal.write(printable(token) + "\n"));
    return kDone;
  }

  Outcome<int> create(const Session& session, ApiClient& api) const {
    std::string json = "{\"scopes\":[";
    for (const std::string& scope : scopes_) {
      if (json.back() != '[') json += ',';
      append_json_string(json, scope);
    }
    json += ']';
    if (!prefix_.empty()) {
      json += ",\"prefix\":";
      append_json_string(json, prefix_);
    }
    if (max_modules_) json += ",\"max_modules\":" + std::to_string(*max_modules_);
    if (max_bytes_) json += ",\"max_bytes\":" + std::to_string(*max_bytes_);
    if (lifetime_.count() > 0) json += "," + json_of("expires_in_s", lifetime_);
    TRY_ASSIGN(const HttpAnswer answer, post(api, "/tokens", json + "}"));
    return print_issued(session, api, answer);
  }

  Outcome<int> rotate(const Session& session, ApiClient& api) const {
    std::string json = "{";
    if (overlap_time_.count() > 0) json += json_of("overlap_s", overlap_time_);
    TRY_ASSIGN(const HttpAnswer answer,
               post(api, "/tokens/" + url_encode(id_) + "/rotate", json + "}"));
    return print_issued(session, api, answer);
  }

  Outcome<int> revoke(const Session& session, ApiClient& api) const {
    HttpRequest request;
    request.method = "DELETE";
    request.target = "/tokens/" + url_encode(id_);
    TRY(api.call(request));
    if (!session.json) return kDone;
    std::string json = "{\"revoked\":";
    append_json_string(json, id_);
    TRY(session.terminal.write(json + "}\n"));
    return kDone;
  }

  const OpenData open_data_;
  std::string action_;
  std::string id_;
  std::string data_;
  std::vector<std::string> scopes_;
  std::string prefix_;
  std::optional<std::uint64_t> max_modules_;
  std::optional<std::uint64_t> max_bytes_;
  std::string expires_;
  std::string overlap_;
  std::chrono::milliseconds lifetime_{0};      // of --expires; 0: no end
  std::chrono::milliseconds overlap_time_{0};  // of --overlap
};

}  // namespace

std::unique_ptr<Command> token_command(OpenData open_data) {
  return std::make_unique<Token>(std::move(open_data));
}

}  // namespace wasm_server::cli
