#include "backup_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/descriptor.h"
#include "care_commands.h"

namespace wasm_server {
namespace {

constexpr std::size_t kPiece = 1U << 20;

cli::Outcome<void> give_all(int descriptor, const std::string& name, BackupReader& reader) {
  std::string piece(kPiece, '\0');
  for (;;) {
    const ssize_t got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return cli::failure(cli::kLocalTrouble, name + ": " + std::generic_category().message(errno));
    const auto taken =
        got == 0 ? reader.finish()
                 : reader.push(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    if (!taken) {
      cli::Failure why = care_failure(taken.error());
      why.message.insert(0, name + ": ");
      return std::unexpected{std::move(why)};
    }
    if (got == 0) return {};
  }
}

}  // namespace

cli::Outcome<void> read_backup(const std::string& file, BackupReader& reader) {
  if (file == "-") return give_all(STDIN_FILENO, "standard input", reader);
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0)
    return cli::failure(cli::kLocalTrouble, file + ": " + std::generic_category().message(errno));
  return give_all(descriptor.get(), file, reader);
}

}  // namespace wasm_server
