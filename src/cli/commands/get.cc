#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/descriptor.h"
#include "base/json_text.h"
#include "cli/api/api_client.h"
#include "cli/api/problem.h"
#include "cli/commands/commands.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "get",
    .summary = "fetches a module's code",
    .usage = "[OPTIONS] ID",
    .description =
        "Writes the stored code of the module ID, byte for byte, to standard output or "
        "to --output. A file is there as a whole or not at all."};

std::unexpected<Failure> trouble_with(const std::string& file) {
  return failure(kLocalTrouble, file + ": " + std::strerror(errno));
}

// Written beside the file that it becomes.
class NewFile {
 public:
  explicit NewFile(std::string file) : file_(std::move(file)), beside_(file_ + ".XXXXXX") {}
  ~NewFile() {
    if (descriptor_.get() >= 0 && !kept_) ::unlink(beside_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  Outcome<void> write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) return trouble_with(file_);
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Outcome<void> keep() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(descriptor_.get(), 0666 & ~mask) != 0) return trouble_with(file_);
    if (::rename(beside_.c_str(), file_.c_str()) != 0) return trouble_with(file_);
    kept_ = true;
    return {};
  }

  Outcome<void> check() const {
    return descriptor_.get() >= 0 ? Outcome<void>{} : trouble_with(file_);
  }

 private:
  const std::string file_;
  std::string beside_;
  const Descriptor descriptor_{::mkostemp(beside_.data(), O_CLOEXEC)};
  bool kept_ = false;
};

class Get : public Command {
 public:
  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("ID", id_, "The module")->required();
    app.add_option("-o,--output", output_, "File to write to; -: standard output")
        ->type_name("FILE");
    app.add_option("--revision", revision_, "An older one, by its number")->type_name("NUMBER");
  }

  Outcome<int> run(const Session& session) override {
    const bool to_stdout = output_.empty() || output_ == "-";
    if (output_.empty() && session.terminal.output_is_terminal()) {
      return failure(kWrongUsage, "code is nothing for a terminal; --output names a file");
    }
    TRY_ASSIGN(ServerAddress server, chosen_server(session));
    ApiClient api(std::move(server));
    if (to_stdout) {
      TRY(fetch(api, [&](std::string_view bytes) { return session.terminal.write(bytes); }));
      return kDone;
    }
    NewFile file(output_);
    TRY(file.check());
    TRY(fetch(api, [&file](std::string_view bytes) { return file.write(bytes); }));
    TRY(file.keep());
    if (session.json) {
      TRY(session.terminal.write(answer_json()));
    }
    return kDone;
  }

 private:
  Outcome<void> fetch(ApiClient& api, const std::function<Outcome<void>(std::string_view)>& take) {
    HttpRequest request;
    request.target = module_path(id_, revision_);
    request.headers = {"Accept: application/wasm"};
    request.on_body = [this, &take](std::string_view bytes) {
      bytes_ += bytes.size();
      return take(bytes);
    };
    TRY_ASSIGN(const HttpAnswer answer, api.send(request));
    // For the id that was meant.
    if (answer.status == 404) {
      TRY(api.module(id_, revision_));
    }
    if (answer.status != 200) return std::unexpected{failure_of(answer, api.server())};
    if (answer.header("content-type") != "application/wasm") {
      return failure(kUnreachable,
                     api.server().url + " does not answer as a wasm-server does; is it one?");
    }
    if (answer.cut_off) return failure(kUnreachable, "the answer was cut off; try again");
    return {};
  }

  std::string answer_json() const {
    std::string json = "{\"file\":";
    append_json_string(json, output_);
    return json + ",\"bytes\":" + std::to_string(bytes_) + "}\n";
  }

  std::string id_;
  std::string output_;
  std::optional<std::uint64_t> revision_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Command> get_command() { return std::make_unique<Get>(); }

}  // namespace wasm_server::cli
