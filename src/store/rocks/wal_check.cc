#include "store/rocks/wal_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/file_io.h"
#include "base/log.h"
#include "store/rocks/wal_reader.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

struct LogFile {
  std::uint64_t number;
  Path path;
};

// RocksDB's names: 000123.log.
std::vector<LogFile> log_files(const Path& database) {
  std::vector<LogFile> found;
  for (const auto& entry : std::filesystem::directory_iterator(database)) {
    if (entry.path().extension() != ".log") continue;
    const std::string name = entry.path().stem().string();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size())
      found.push_back({number, entry.path()});
  }
  std::ranges::sort(found, {}, &LogFile::number);
  return found;
}

std::unexpected<Error> io_failed(const Path& path, std::string_view doing) {
  return fail(ErrorCode::kInternal, std::string{doing} + " " + path.string() + ": " +
                                        std::generic_category().message(errno));
}

Result<std::string> read_file(const Path& path) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  const off_t size = file.get() < 0 ? -1 : lseek(file.get(), 0, SEEK_END);
  if (size < 0) return io_failed(path, "cannot open");
  std::string content(static_cast<std::size_t>(size), '\0');
  if (!read_at(file.get(), 0, content)) return io_failed(path, "cannot read");
  return content;
}

// It is complete then: RocksDB goes on in a new one.
Result<void> cut(const LogFile& log, std::size_t size, WalList& list) {
  const Path& path = log.path;
  if (const int error = list.set(log.number, size, WalList::Is::kComplete); error != 0) {
    errno = error;
    return io_failed(path, "cannot list");
  }
  const Descriptor file{open(path.c_str(), O_RDWR | O_CLOEXEC)};
  if (file.get() < 0 || ftruncate(file.get(), static_cast<off_t>(size)) != 0 ||
      fsync(file.get()) != 0)
    return io_failed(path, "cannot mend");
  return {};
}

std::unexpected<Error> damaged(const Path& path, std::optional<std::uint64_t> last,
                               std::string_view behind_them = "later ones are there") {
  const std::string behind = last ? "the changes from number " + std::to_string(*last) + " on are"
                                  : std::string{"the first changes are"};
  return fail(ErrorCode::kInternal, "the write-ahead log is damaged: " + behind + " missing in " +
                                        path.filename().string() + ", and " +
                                        std::string{behind_them});
}

std::unexpected<Error> foreign(const Path& path) {
  return fail(ErrorCode::kInternal,
              "the write-ahead log " + path.filename().string() + " is that of another database");
}

// Goes through the files in their order.
class Check {
 public:
  Check(const DatabaseMark& mark, const WalList& list) : mark_(mark), list_(list) {}

  // The length to which the file is to be cut, if it is.
  Result<std::optional<std::size_t>> look_at(const LogFile& log) {
    TRY_ASSIGN(const std::string content, read_file(log.path));
    WalReader reader{content};
    while (const auto batch = reader.next()) {
      if (!reader.has(mark_)) return foreign(log.path);
      if (next_ && *next_ != batch->sequence) return damaged(log.path, next_);
      next_ = batch->next();
    }
    const std::size_t end = reader.position();
    if (end == content.size()) return std::nullopt;
    if (end < list_.complete_size(log.number).value_or(0))
      return damaged(log.path, next_, "it was closed with them");
    const bool is_torn = end < used_size(content);
    if (is_torn && has_later_batch(content, end, mark_, number_of_torn(content, end)))
      return damaged(log.path, next_);
    if (is_torn)
      log_info("store: an unfinished batch at the end of " + log.path.filename().string() +
               " is cut off");
    next_ = next_.value_or(0);  // no batch has this number: none may follow in another file
    return end;
  }

 private:
  // Of the batch that is not whole, whose first part may be. 0 when nothing is known of it.
  std::uint64_t number_of_torn(std::string_view content, std::size_t at) const {
    const auto torn = marked_batch(content, at, mark_);
    return next_.value_or(torn ? torn->sequence : 0);
  }

  const DatabaseMark& mark_;
  const WalList& list_;
  std::optional<std::uint64_t> next_;  // sequence number of the next batch; none before the first
};

}  // namespace

Result<void> mend_wal(const std::filesystem::path& database, const DatabaseMark& mark,
                      WalList& list) {
  struct Torn {
    LogFile log;
    std::size_t end;
  };
  std::vector<Torn> torn;
  Check check{mark, list};
  for (const LogFile& log : log_files(database)) {
    TRY_ASSIGN(const std::optional<std::size_t> end, check.look_at(log));
    if (end) torn.push_back({log, *end});
  }
  for (const Torn& file : torn) {
    TRY(cut(file.log, file.end, list));
  }
  return {};
}

}  // namespace wasm_server
