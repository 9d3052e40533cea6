#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "care_commands.h"
#include "cli/progress.h"
#include "logging.h"
#include "store/open_store.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

constexpr cli::CommandText kText{
    .name = "compact",
    .summary = "gives back the space that a store does not need",
    .usage = "[OPTIONS] DIR",
    .description =
        "DIR is the data directory of a server that does not run. Its tables are written anew "
        "without what was replaced or deleted, and the free parts of the blob file are given back "
        "to the file system. A server does the first by itself, bit by bit, and uses the second "
        "again: this is for when much was deleted. Prints what DIR takes before and after."};

// On the disk, not by their lengths: a file has parts that take nothing.
std::uint64_t space_of(const Path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return 0;
  constexpr std::uint64_t kUnit = 512;  // of st_blocks
  return static_cast<std::uint64_t>(status.st_blocks) * kUnit;
}

std::uint64_t space_of_store(const Path& directory) {
  std::uint64_t bytes = space_of(directory / "blobs");
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "db", error))
    bytes += space_of(entry.path());
  return bytes;
}

class Compact : public cli::Command {
 public:
  const cli::CommandText& text() const override { return kText; }
  bool connects() const override { return false; }

  void define(CLI::App& app) override {
    app.add_option("DIR", data_, "The data directory")->required();
  }

  cli::Outcome<int> run(const cli::Session& session) override {
    set_up_logging("off");  // all there is to say is said by the command
    const Path directory(data_);
    if (!std::filesystem::exists(directory / "db"))
      return cli::failure(cli::kDamaged, "there is no database in " + data_);
    const std::uint64_t before = space_of_store(directory);
    TRY(compact());
    const std::uint64_t after = space_of_store(directory);
    if (session.json) {
      TRY(session.terminal.write("{\"bytes_before\":" + std::to_string(before) +
                                 ",\"bytes_after\":" + std::to_string(after) + "}\n"));
      return cli::kDone;
    }
    TRY(session.terminal.write(cli::size_text(before) + " before, " + cli::size_text(after) +
                               " after\n"));
    return cli::kDone;
  }

 private:
  // Closed when it returns: files that are not needed any more go with that.
  cli::Outcome<void> compact() const {
    const auto store = open_store(data_, {.max_bytes = kAnyBytes, .reserve_bytes = 0});
    if (!store) return std::unexpected{care_failure(store.error())};
    const auto done = (*store)->compact();
    if (!done) return std::unexpected{care_failure(done.error())};
    return {};
  }

  std::string data_;
};

}  // namespace

std::unique_ptr<cli::Command> compact_command() { return std::make_unique<Compact>(); }

}  // namespace wasm_server
