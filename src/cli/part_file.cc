#include "cli/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace wasm_server::cli {
namespace {

constexpr std::size_t kPiece = 1U << 20;

std::unexpected<Failure> trouble_with(const std::string& file) {
  return failure(kLocalTrouble, file + ": " + std::strerror(errno));
}

bool sync_directory_of(const std::string& file) {
  const std::filesystem::path parent = std::filesystem::path(file).parent_path();
  const Descriptor directory(
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.get() >= 0 && ::fsync(directory.get()) == 0;
}

}  // namespace

std::unexpected<Failure> PartFile::trouble() const { return trouble_with(part_); }

// Another one may have put it in its place between our opening and our lock: then it has that name
// no more.
Outcome<PartFile> PartFile::open(const std::string& file) {
  for (;;) {
    const std::string part = file + ".part";
    Descriptor descriptor(
        ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (descriptor.get() < 0) return trouble_with(part);
    if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return trouble_with(part);
      return failure(kLocalTrouble, "another process writes " + part);
    }
    struct stat own{};
    struct stat named{};
    if (::fstat(descriptor.get(), &own) != 0) return trouble_with(part);
    if (::stat(part.c_str(), &named) != 0 || named.st_ino != own.st_ino) continue;
    if (!S_ISREG(own.st_mode)) return failure(kLocalTrouble, part + " is no file");
    if (::fchmod(descriptor.get(), S_IRUSR | S_IWUSR) != 0) return trouble_with(part);
    return PartFile(file, std::move(descriptor));
  }
}

Outcome<void> PartFile::read(const std::function<bool(std::string_view)>& take) {
  std::string piece(kPiece, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(descriptor_.get(), piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return trouble();
    if (got == 0 || !take(std::string_view(piece).substr(0, static_cast<std::size_t>(got))))
      return {};
    at += got;
  }
}

Outcome<void> PartFile::cut(std::uint64_t size) {
  const auto end = static_cast<off_t>(size);
  if (::ftruncate(descriptor_.get(), end) != 0) return trouble();
  if (::lseek(descriptor_.get(), end, SEEK_SET) != end) return trouble();
  return {};
}

Outcome<void> PartFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return trouble();
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

void PartFile::discard() { ::unlink(part_.c_str()); }

Outcome<void> PartFile::keep() {
  if (::fsync(descriptor_.get()) != 0) return trouble();
  if (::rename(part_.c_str(), file_.c_str()) != 0) return trouble_with(file_);
  if (!sync_directory_of(file_)) return trouble_with(file_);
  return {};
}

}  // namespace wasm_server::cli
