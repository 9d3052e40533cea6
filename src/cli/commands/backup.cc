#include <string>
#include <string_view>
#include <utility>

#include "base/json_text.h"
#include "cli/backup_download.h"
#include "cli/commands/commands.h"
#include "cli/part_file.h"
#include "cli/text/json_view.h"
#include "cli/text/printable.h"

namespace wasm_server::cli {
namespace {

constexpr CommandText kText{
    .name = "backup",
    .summary = "fetches a backup of all that a server stores",
    .usage = "[OPTIONS] DEST",
    .description =
        "Writes everything as it is at one moment to the file DEST, while the server goes on: "
        "modules with all revisions, their code, and access tokens, as hashes. `restore` makes a "
        "data directory of it. What arrives is verified; DEST is there as a whole or not at all, "
        "for its owner alone (mode 0600).\n"
        "\n"
        "Until it is whole it is DEST.part. After a broken connection it goes on there, and the "
        "same command does so too, as long as the server keeps that moment: ten minutes. DEST may "
        "be -, which is standard output.\n"
        "\n"
        "What the server cannot read any more is named and left out; the exit code is 1 then. With "
        "--data it is the backup of a data directory of this machine, whether a server runs on it "
        "or not; else it needs a token of scope admin."};

class Backup : public Command {
 public:
  explicit Backup(OpenData open_data) : open_data_(std::move(open_data)) {}

  const CommandText& text() const override { return kText; }

  void define(CLI::App& app) override {
    app.add_option("DEST", dest_, "File to write to; -: standard output")->required();
    app.add_option("--data", data_, "The data directory, instead of a server")->type_name("DIR");
  }

  Outcome<int> run(const Session& session) override {
    const Terminal& terminal = session.terminal;
    if (dest_ == "-" && terminal.output_is_terminal())
      return failure(kWrongUsage, "a backup is nothing for a terminal; DEST names a file");
    if (dest_ == "-") return to_output(session);
    TRY_ASSIGN(PartFile file, PartFile::open(dest_));
    BackupDownload download(terminal, dest_, sink_of(file));
    TRY(file.read([&download](std::string_view bytes) { return download.take_former(bytes); }));
    TRY(file.cut(download.offset()));
    if (download.offset() > 0) terminal.note("going on with " + file.name());
    const Outcome<void> fetched = fetch(session, download);
    if (!fetched && download.offset() == 0) file.discard();
    if (!fetched) return std::unexpected{fetched.error()};
    TRY(file.keep());
    return report(session, download);
  }

 private:
  static BackupSink sink_of(PartFile& file) {
    return {.write = [&file](std::string_view bytes) { return file.write(bytes); },
            .begin_anew = [&file] { return file.cut(0); }};
  }

  Outcome<int> to_output(const Session& session) {
    const auto write = [&session](std::string_view bytes) { return session.terminal.write(bytes); };
    BackupDownload download(session.terminal, "backup", {.write = write, .begin_anew = nullptr});
    TRY(fetch(session, download));
    tell_lost(session, download);
    return download.lost().empty() ? kDone : kDamaged;
  }

  Outcome<void> fetch(const Session& session, BackupDownload& download) {
    TRY_ASSIGN(const DataServer server, chosen_server_or_data(session, data_, open_data_));
    ApiClient api(server.address);
    return download.run(api);
  }

  static void tell_lost(const Session& session, const BackupDownload& download) {
    for (const std::string& line : download.lost()) session.terminal.note("damaged: " + line);
    if (!download.lost().empty()) session.terminal.note("the backup is without that");
  }

  Outcome<int> report(const Session& session, const BackupDownload& download) const {
    const int code = download.lost().empty() ? kDone : kDamaged;
    if (session.json) {
      TRY(session.terminal.write(json_of(download) + "\n"));
      return code;
    }
    const BackupReader& backup = download.backup();
    tell_lost(session, download);
    TRY(session.terminal.write(printable(dest_) + ": " + std::to_string(backup.totals().records) +
                               " records and " + std::to_string(backup.totals().codes) +
                               " large codes, " + size_text(backup.offset()) + ", verified\n"));
    return code;
  }

  std::string json_of(const BackupDownload& download) const {
    const BackupReader& backup = download.backup();
    std::string json = "{\"file\":";
    append_json_string(json, dest_);
    json += ",\"id\":\"" + to_text(backup.head()->id) + "\",\"created_at\":\"";
    append_rfc3339(json, backup.head()->created_at);
    json += "\",\"bytes\":" + std::to_string(backup.offset()) +
            ",\"records\":" + std::to_string(backup.totals().records) +
            ",\"codes\":" + std::to_string(backup.totals().codes) +
            ",\"damaged\":" + json_list(download.lost());
    return json + "}";
  }

  const OpenData open_data_;
  std::string dest_;
  std::string data_;
};

}  // namespace

std::unique_ptr<Command> backup_command(OpenData open_data) {
  return std::make_unique<Backup>(std::move(open_data));
}

}  // namespace wasm_server::cli
