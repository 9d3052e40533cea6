#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "backup_input.h"
#include "care_commands.h"
#include "cli/text/json_view.h"
#include "cli/text/printable.h"
#include "logging.h"
#include "store/backup/backup_audit.h"
#include "store/backup/staged_store.h"
#include "store/open_store.h"
#include "store/store_check.h"
#include "store/store_repair.h"

namespace wasm_server {
namespace {

constexpr cli::CommandText kText{
    .name = "check",
    .summary = "reads all that is stored and says what is damaged",
    .usage = "[OPTIONS] PATH",
    .description =
        "PATH is the data directory of a server that does not run, or a backup. Each record is "
        "read, each code is compared with its digest, and whatever refers to something is "
        "followed. "
        "The exit code is 1 when something is damaged.\n"
        "\n"
        "With --repair what is damaged in a data directory is mended, or taken out, and named: "
        "afterwards nothing is damaged. A module whose latest revision is lost goes back to the "
        "latest one that is whole. Where a part of a table cannot be read at all, a new store is "
        "made of the rest, which takes as much space again; the former files are kept beside it."};

using Lines = std::vector<std::string>;

class Check : public cli::Command {
 public:
  const cli::CommandText& text() const override { return kText; }
  bool connects() const override { return false; }

  void define(CLI::App& app) override {
    app.add_option("PATH", path_, "A data directory, or a backup")->required();
    app.add_flag("--repair", repair_, "Mend a data directory, or take out what is damaged");
  }

  cli::Outcome<int> run(const cli::Session& session) override {
    set_up_logging("off");  // all there is to say is said by the command
    if (std::filesystem::is_regular_file(path_) || path_ == "-") return check_backup(session);
    if (!std::filesystem::exists(std::filesystem::path(path_) / "db") && !has_staged(path_))
      return cli::failure(cli::kDamaged, "there is no database in " + path_);
    return repair_ ? repair(session) : check_directory(session);
  }

 private:
  cli::Outcome<int> check_backup(const cli::Session& session) {
    if (repair_) {
      return cli::failure(cli::kWrongUsage,
                          "a backup is not repaired; restore --repair makes a data directory of "
                          "what is whole in it");
    }
    BackupAudit audit;
    BackupReader reader{audit};
    TRY(read_backup(path_, reader));
    return say(session, std::move(audit).report());
  }

  cli::Outcome<int> check_directory(const cli::Session& session) {
    const auto store = open_store(path_, {.max_bytes = kAnyBytes});
    if (!store) {
      cli::Failure why = care_failure(store.error());
      if (open_damaged_store(path_)) why.message += "; check --repair mends that";
      return std::unexpected{std::move(why)};
    }
    return say(session, check_store(**store));
  }

  static cli::Outcome<int> say(const cli::Session& session, const StoreReport& report) {
    const int code = report.damage.empty() ? cli::kDone : cli::kDamaged;
    if (session.json) {
      std::string json = "{\"modules\":" + std::to_string(report.modules) +
                         ",\"revisions\":" + std::to_string(report.revisions) +
                         ",\"codes\":" + std::to_string(report.codes) + ",\"damaged\":";
      json += cli::json_list(report.damage);
      TRY(session.terminal.write(json + "}\n"));
      return code;
    }
    TRY(say_lines(session, "damaged: ", report.damage));
    TRY(session.terminal.write(std::to_string(report.modules) + " modules, " +
                               std::to_string(report.revisions) + " older revisions and " +
                               std::to_string(report.codes) + " codes read, " +
                               std::to_string(report.damage.size()) + " damaged\n"));
    return code;
  }

  static cli::Outcome<void> say_lines(const cli::Session& session, std::string_view before,
                                      const Lines& lines) {
    for (const std::string& line : lines) {
      TRY(session.terminal.write(std::string(before) + cli::printable(line) + "\n"));
    }
    return {};
  }

  cli::Outcome<int> repair(const cli::Session& session) {
    const auto report = repair_store(path_);
    if (!report) return std::unexpected{care_failure(report.error())};
    const int code = report->remains.empty() ? cli::kDone : cli::kDamaged;
    if (session.json) {
      std::string json = "{\"damaged\":";
      json += cli::json_list(report->damage);
      json += ",\"repaired\":";
      json += cli::json_list(report->changes);
      json += ",\"remains\":";
      json += cli::json_list(report->remains);
      TRY(session.terminal.write(json + "}\n"));
      return code;
    }
    TRY(say_lines(session, "damaged: ", report->damage));
    TRY(say_lines(session, "repaired: ", report->changes));
    TRY(say_lines(session, "still damaged: ", report->remains));
    TRY(session.terminal.write(std::to_string(report->damage.size()) + " damaged, " +
                               std::to_string(report->changes.size()) + " changes made\n"));
    return code;
  }

  std::string path_;
  bool repair_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> check_command() { return std::make_unique<Check>(); }

}  // namespace wasm_server
