#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "cli/api/api_client.h"
#include "cli/commands/commands.h"
#include "cli/local_module.h"
#include "cli/text/json_view.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "secret",
    .summary = "keeps values for guests' environments",
    .usage = "[OPTIONS] ACTION [NAME]",
    .description =
        "`put` stores what standard input or --file holds as the secret NAME; of standard input "
        "the "
        "last line end is left out. `ls` lists names and times, `rm` deletes one. A value is never "
        "given back: it is sealed with the server's key, and only the guests whose modules name it "
        "get it.\n"
        "\n"
        "wasm-server update ID --secret VARIABLE=NAME gives it to a module.\n"
        "\n"
        "With --data it works on a data directory of this machine, whether a server runs on it or "
        "not. Else it needs an access token of scope admin, where tokens are needed."};

constexpr std::array kColumns{Column{"NAME", "name"}, Column{"CREATED", "created_at"},
                              Column{"UPDATED", "updated_at"}};

class Secret : public Command {
 public:
  explicit Secret(OpenData open_data) : open_data_(std::move(open_data)) {}

  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("ACTION", action_, "put, ls or rm")
        ->required()
        ->check(CLI::IsMember({"put", "ls", "rm"}).description(""));
    app.add_option("NAME", name_, "The secret that is stored or deleted");
    app.add_option("--file", file_, "Where put takes the value from, as it is")->type_name("FILE");
    app.add_option("--data", data_, "The data directory, instead of a server")->type_name("DIR");
  }

  Outcome<int> run(const Session& session) override {
    if (action_ != "ls" && name_.empty()) return wrong("secret " + action_ + " needs a NAME");
    if (action_ == "ls" && !name_.empty()) return wrong("secret ls takes no NAME");
    if (action_ != "put" && !file_.empty()) return wrong("--file is for secret put");
    TRY_ASSIGN(const DataServer server, chosen_server_or_data(session, data_, open_data_));
    ApiClient api(server.address);
    if (action_ == "ls") return print_items(session, api, "/secrets", kColumns);
    HttpRequest request;
    request.method = action_ == "put" ? "PUT" : "DELETE";
    request.target = "/secrets/" + url_encode(name_);
    std::string value;
    if (action_ == "put") {
      TRY_ASSIGN(value, read_value());
      request.headers = {"Content-Type: application/octet-stream"};
      request.body = value;
    }
    TRY(api.call(request));
    if (session.json) {
      TRY(session.terminal.write(json_object({{action_ == "put" ? "stored" : "deleted", name_}}) +
                                 "\n"));
    }
    return kDone;
  }

 private:
  static std::unexpected<Failure> wrong(const std::string& why) {
    return failure(kWrongUsage, why + " (see wasm-server secret --help)");
  }

  Outcome<std::string> read_value() const {
    TRY_ASSIGN(std::string value, read_file(file_.empty() ? "-" : file_));
    if (file_.empty() && value.ends_with('\n')) value.pop_back();
    return value;
  }

  const OpenData open_data_;
  std::string action_;
  std::string name_;
  std::string file_;
  std::string data_;
};

}  // namespace

std::unique_ptr<Command> secret_command(OpenData open_data) {
  return std::make_unique<Secret>(std::move(open_data));
}

}  // namespace wasm_server::cli
