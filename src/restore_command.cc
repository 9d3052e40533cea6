#include <string>
#include <utility>
#include <vector>

#include "backup_input.h"
#include "care_commands.h"
#include "cli/text/json_view.h"
#include "cli/text/printable.h"
#include "logging.h"
#include "store/backup/restore_writer.h"
#include "store/backup/staged_store.h"
#include "store/data_directory.h"
#include "store/store_check.h"
#include "store/store_mend.h"

namespace wasm_server {
namespace {

constexpr cli::CommandText kText{
    .name = "restore",
    .summary = "makes a data directory of a backup",
    .usage = "[OPTIONS] SOURCE",
    .description =
        "Reads the backup SOURCE, or standard input for -, and makes it the store of the data "
        "directory DIR, which must have none. Everything is verified, and read once more from the "
        "disk, before it takes its place: until then there is no store in DIR, also after a crash. "
        "The access tokens of the backup are good again.\n"
        "\n"
        "A backup that was made without something that was damaged is restored with --repair: what "
        "cannot be whole without that is taken out, and named."};

class Restore : public cli::Command {
 public:
  const cli::CommandText& text() const override { return kText; }
  bool connects() const override { return false; }

  void define(CLI::App& app) override {
    app.add_option("SOURCE", source_, "The backup; -: standard input")->required();
    app.add_option("--data", data_, "The data directory")->required()->type_name("DIR");
    app.add_flag("--repair", repair_, "Take out what a damaged backup has not whole");
  }

  cli::Outcome<int> run(const cli::Session& session) override {
    set_up_logging("off");  // all there is to say is said by the command
    const auto lock = DataDirectory::acquire(data_);
    if (!lock) return std::unexpected{care_failure(lock.error())};
    TRY(refuse_store());
    auto staged = StagedStore::make(data_);
    if (!staged) return std::unexpected{care_failure(staged.error())};
    TRY(fill(staged->store()));
    const StoreReport report = check_store(staged->store());
    if (!report.damage.empty()) {
      return cli::failure(cli::kDamaged, source_ + ": what it holds does not fit together: " +
                                             report.damage.front());
    }
    TRY(install(*staged));
    return say(session, report);
  }

 private:
  // One that an interrupted restore had finished takes its place first.
  cli::Outcome<void> refuse_store() {
    if (has_staged(data_)) {
      const auto installed = install_staged(data_);
      if (!installed) return std::unexpected{care_failure(installed.error())};
    }
    if (!has_store(data_)) return {};
    return cli::failure(cli::kLocalTrouble,
                        data_ + " has a store already; restore to another directory");
  }

  cli::Outcome<void> fill(Store& store) {
    RestoreWriter writer{store};
    BackupReader reader{writer};
    TRY(read_backup(source_, reader));
    if (const auto done = writer.finish(); !done)
      return std::unexpected{care_failure(done.error())};
    if (!repair_ && !writer.lost_lines().empty()) {
      return cli::failure(cli::kDamaged,
                          source_ +
                              " was made without what was damaged then; --repair restores "
                              "the rest; the first of that: " +
                              writer.lost_lines().front());
    }
    if (!repair_) return {};
    changes_ = writer.lost_lines();
    auto mended = mend_store(store);
    if (!mended) return std::unexpected{care_failure(mended.error())};
    for (std::string& line : *mended) changes_.push_back(std::move(line));
    return {};
  }

  cli::Outcome<void> install(StagedStore& staged) {
    const auto finished = staged.finish();
    if (!finished) return std::unexpected{care_failure(finished.error())};
    const auto installed = install_staged(data_);
    if (!installed) return std::unexpected{care_failure(installed.error())};
    return {};
  }

  cli::Outcome<int> say(const cli::Session& session, const StoreReport& report) const {
    const int code = changes_.empty() ? cli::kDone : cli::kDamaged;
    if (session.json) {
      std::string json = "{\"modules\":" + std::to_string(report.modules) +
                         ",\"revisions\":" + std::to_string(report.revisions) +
                         ",\"codes\":" + std::to_string(report.codes) + ",\"repaired\":";
      json += cli::json_list(changes_);
      TRY(session.terminal.write(json + "}\n"));
      return code;
    }
    for (const std::string& line : changes_) {
      TRY(session.terminal.write("repaired: " + cli::printable(line) + "\n"));
    }
    TRY(session.terminal.write(std::to_string(report.modules) + " modules, " +
                               std::to_string(report.revisions) + " older revisions and " +
                               std::to_string(report.codes) + " codes restored\n"));
    return code;
  }

  std::string source_;
  std::string data_;
  bool repair_ = false;
  std::vector<std::string> changes_;
};

}  // namespace

std::unique_ptr<cli::Command> restore_command() { return std::make_unique<Restore>(); }

}  // namespace wasm_server
