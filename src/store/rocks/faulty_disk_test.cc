#include "store/rocks/faulty_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace wasm_server {
namespace {

using Path = std::filesystem::path;
using Fault = FaultyDisk::Fault;

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kSector = 512;

std::string read_all(int file) {
  struct stat status{};
  fstat(file, &status);
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t at = 0;
  while (at < content.size()) {
    const long got = syscall(SYS_pread64, file, content.data() + at, content.size() - at, at);
    if (got <= 0) break;
    at += static_cast<std::size_t>(got);
  }
  return content;
}

std::string read_all(const Path& path) {
  const auto file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY, 0));
  std::string content = read_all(file);
  syscall(SYS_close, file);
  return content;
}

void write_all(const Path& path, std::string_view content) {
  const auto file = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
  const std::string zeroes(64U << 10, '\0');
  for (std::size_t at = 0; at < content.size(); at += zeroes.size()) {
    const std::string_view piece = content.substr(at, zeroes.size());
    if (piece != std::string_view{zeroes}.substr(0, piece.size()))
      syscall(SYS_pwrite64, file, piece.data(), piece.size(), at);
  }
  syscall(SYS_ftruncate, file, content.size());
  syscall(SYS_close, file);
}

// What is for good: of files by their inode, since a synced file may have no durable name yet; of
// directories the names.
struct Platter {
  struct Name {
    ino_t inode;
    bool is_directory;
  };
  std::map<ino_t, std::string> contents{};
  std::map<Path, std::map<std::string, Name>> names{};

  void sync_names(const Path& directory) {
    auto& all = names[directory];
    all.clear();
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      struct stat status{};
      if (lstat(entry.path().c_str(), &status) == 0)
        all[entry.path().filename()] = {status.st_ino, S_ISDIR(status.st_mode)};
    }
  }
  void sync_everything(const Path& directory) {
    sync_names(directory);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      struct stat status{};
      if (lstat(entry.path().c_str(), &status) != 0) continue;
      if (S_ISDIR(status.st_mode))
        sync_names(entry.path());
      else
        contents[status.st_ino] = read_all(entry.path());
    }
  }
};

// Without it each function is the system's: they are called before anything is constructed.
constinit std::atomic<bool> watches{false};

struct Disk {
  std::recursive_mutex mutex;
  std::string directory;  // all below is guarded by mutex
  std::uint64_t operations = 0;
  std::uint64_t fails_at = kNever;
  Fault fault = Fault::kErrors;
  bool failed = false;
  std::uint64_t space = kNever;
  std::string unreadable;  // what names end with; empty: none
  std::optional<Platter> platter;
  std::function<void()> before_sync;

  bool has(std::string_view path) const {
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
  }
};

Disk& disk() {
  static Disk* const the = new Disk;  // is there until the last thread has ended
  return *the;
}

// Of an open file; empty when it is not of the directory.
std::string path_of(int file) {
  std::array<char, PATH_MAX> path;
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const long size = syscall(SYS_readlink, link.c_str(), path.data(), path.size());
  std::string found(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return disk().has(found) ? found : std::string{};
}

std::uint64_t space_of_files() {
  std::uint64_t used = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(disk().directory, error), end; at != end;
       at.increment(error)) {
    struct stat status{};
    if (lstat(at->path().c_str(), &status) == 0)
      used += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return used;
}

// What the file grows by.
std::uint64_t growth(int file, off_t offset, std::size_t size) {
  struct stat status{};
  fstat(file, &status);
  const off_t end = offset + static_cast<off_t>(size);
  return end > status.st_size ? static_cast<std::uint64_t>(end - status.st_size) : 0;
}

// The error of an operation that takes `grows` bytes more; 0: it is done.
int error_of(std::optional<std::uint64_t> grows) {
  Disk& at = disk();
  if (at.space != kNever && grows && space_of_files() + *grows > at.space) return ENOSPC;
  if (at.fault == Fault::kFull && !grows) return 0;
  const std::uint64_t number = at.operations++;
  const bool fails =
      number == at.fails_at || (number > at.fails_at && at.fault != Fault::kErrorOnce);
  at.failed = at.failed || fails;
  if (!fails) return 0;
  return at.fault == Fault::kFull ? ENOSPC : EIO;
}

// Does `call` unless an operation on that file fails.
template <class Call>
long on_file(int file, bool takes_space, off_t offset, std::size_t size, Call call) {
  if (!watches) return call();
  Disk& at = disk();
  const std::lock_guard lock{at.mutex};
  if (!path_of(file).empty()) {
    const std::uint64_t grows = takes_space ? growth(file, offset, size) : 0;
    const int error = error_of(grows > 0 ? std::optional{grows} : std::nullopt);
    if (error != 0) {
      errno = error;
      return -1;
    }
  }
  return call();
}

template <class Call>
long on_read(int file, Call call) {
  if (!watches) return call();
  Disk& at = disk();
  {
    const std::lock_guard lock{at.mutex};
    if (!at.unreadable.empty() && path_of(file).ends_with(at.unreadable)) {
      at.failed = true;
      errno = EIO;
      return -1;
    }
  }
  return call();
}

template <class Call>
long on_name(std::string_view path, bool takes_space, Call call) {
  if (!watches) return call();
  Disk& at = disk();
  const std::lock_guard lock{at.mutex};
  if (at.has(path)) {
    const int error = error_of(takes_space ? std::optional<std::uint64_t>{4096} : std::nullopt);
    if (error != 0) {
      errno = error;
      return -1;
    }
  }
  return call();
}

template <class Call>
int on_sync(int file, Call call) {
  if (!watches) return static_cast<int>(call());
  Disk& at = disk();
  return static_cast<int>(on_file(file, false, 0, 0, [&]() -> long {
    const std::string path = path_of(file);
    if (path.empty() || !at.platter) return call();
    if (at.before_sync) at.before_sync();
    const long done = call();
    if (done != 0) return done;
    struct stat status{};
    fstat(file, &status);
    if (S_ISDIR(status.st_mode))
      at.platter->sync_names(path);
    else
      at.platter->contents[status.st_ino] = read_all(file);
    return 0;
  }));
}

int open_file(const char* path, int flags, mode_t mode) {
  const auto call = [&] { return syscall(SYS_openat, AT_FDCWD, path, flags, mode); };
  struct stat status{};
  if (!watches || (flags & O_CREAT) == 0 || lstat(path, &status) == 0)
    return static_cast<int>(call());
  Disk& at = disk();
  return static_cast<int>(on_name(path, true, [&] {
    const long made = call();
    // Its inode may be that of a file which is gone.
    if (made >= 0 && at.platter && fstat(static_cast<int>(made), &status) == 0)
      at.platter->contents.erase(status.st_ino);
    return made;
  }));
}

std::string torn(const std::string& synced, const std::string& now, std::mt19937& random) {
  constexpr std::size_t kPiece = 128 * kSector;
  std::string mixed = random() % 2 == 0 ? synced : now;
  for (std::size_t at = 0; at < mixed.size(); at += kSector) {
    const auto is_there = [at](const std::string& from) { return at + kPiece <= from.size(); };
    if (at % kPiece == 0 && is_there(synced) && is_there(now) &&
        std::memcmp(synced.data() + at, now.data() + at, kPiece) == 0) {
      at += kPiece - kSector;
      continue;
    }
    const std::string& from = random() % 2 == 0 ? synced : now;
    const std::size_t size = std::min(kSector, mixed.size() - at);
    const std::string piece = at < from.size() ? from.substr(at, size) : std::string{};
    mixed.replace(at, piece.size(), piece);
  }
  return mixed;
}

void leave_directory(const Path& from, const Path& to, std::mt19937* random) {
  const Platter& platter = *disk().platter;
  std::filesystem::create_directories(to);
  const auto found = platter.names.find(from);
  if (found == platter.names.end()) return;
  for (const auto& [name, what] : found->second) {
    if (what.is_directory) {
      leave_directory(from / name, to / name, random);
      continue;
    }
    const auto content = platter.contents.find(what.inode);
    std::string bytes = content == platter.contents.end() ? std::string{} : content->second;
    struct stat status{};
    const bool is_there = lstat((from / name).c_str(), &status) == 0 && status.st_ino == what.inode;
    if (random != nullptr && is_there) bytes = torn(bytes, read_all(from / name), *random);
    write_all(to / name, bytes);
  }
}

}  // namespace

FaultyDisk::FaultyDisk(const Path& directory) {
  disk().directory = std::filesystem::canonical(directory);
  watches = true;
}

FaultyDisk::~FaultyDisk() {
  heal();
  watches = false;
  disk().before_sync = nullptr;
  disk().platter.reset();
}

void FaultyDisk::fail_at(std::uint64_t operation, Fault fault) {
  const std::lock_guard lock{disk().mutex};
  disk().operations = 0;
  disk().failed = false;
  disk().fails_at = operation;
  disk().fault = fault;
}

bool FaultyDisk::has_failed() const {
  const std::lock_guard lock{disk().mutex};
  return disk().failed;
}

void FaultyDisk::fail_reads_of(std::string_view ending) {
  const std::lock_guard lock{disk().mutex};
  disk().failed = false;
  disk().unreadable = ending;
}

void FaultyDisk::heal() {
  const std::lock_guard lock{disk().mutex};
  disk().unreadable.clear();
  disk().fails_at = kNever;
  disk().space = kNever;
}

void FaultyDisk::limit_space(std::uint64_t bytes) {
  const std::lock_guard lock{disk().mutex};
  disk().space = bytes;
}

std::uint64_t FaultyDisk::used_space() const {
  const std::lock_guard lock{disk().mutex};
  return space_of_files();
}

void FaultyDisk::record() {
  const std::lock_guard lock{disk().mutex};
  disk().platter.emplace().sync_everything(disk().directory);
}

void FaultyDisk::before_sync(std::function<void()> look) {
  const std::lock_guard lock{disk().mutex};
  disk().before_sync = std::move(look);
}

void FaultyDisk::leave(const Path& image, unsigned seed) const {
  const std::lock_guard lock{disk().mutex};
  std::mt19937 random{seed};
  leave_directory(disk().directory, image, seed == 0 ? nullptr : &random);
}

}  // namespace wasm_server

// --- The C library's

using namespace wasm_server;  // NOLINT(google-build-using-namespace): for the functions below

extern "C" int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file(path, flags, mode);
}

extern "C" ssize_t write(int file, const void* data, std::size_t size) {
  const auto call = [&] { return syscall(SYS_write, file, data, size); };
  if (!watches) return call();
  const off_t at = lseek(file, 0, SEEK_CUR);
  return on_file(file, true, std::max<off_t>(at, 0), size, call);
}

extern "C" ssize_t pwrite(int file, const void* data, std::size_t size, off_t offset) {
  return on_file(file, true, offset, size,
                 [&] { return syscall(SYS_pwrite64, file, data, size, offset); });
}

extern "C" ssize_t pread(int file, void* data, std::size_t size, off_t offset) {
  return on_read(file, [&] { return syscall(SYS_pread64, file, data, size, offset); });
}

extern "C" ssize_t pread64(int file, void* data, std::size_t size, off64_t offset) {
  return on_read(file, [&] { return syscall(SYS_pread64, file, data, size, offset); });
}

extern "C" int fallocate(int file, int mode, off_t offset, off_t length) {
  return static_cast<int>(on_file(file, mode == 0, offset, static_cast<std::size_t>(length), [&] {
    return syscall(SYS_fallocate, file, mode, offset, length);
  }));
}

extern "C" int ftruncate(int file, off_t length) {
  return static_cast<int>(
      on_file(file, false, 0, 0, [&] { return syscall(SYS_ftruncate, file, length); }));
}

extern "C" int fsync(int file) {
  return on_sync(file, [&] { return syscall(SYS_fsync, file); });
}

extern "C" int fdatasync(int file) {
  return on_sync(file, [&] { return syscall(SYS_fdatasync, file); });
}

extern "C" int sync_file_range(int file, off64_t offset, off64_t length, unsigned flags) {
  const auto call = [&] { return syscall(SYS_sync_file_range, file, offset, length, flags); };
  // RocksDB asks first whether there is such a thing, and takes an error for a bug.
  return static_cast<int>(flags == 0 ? call() : on_file(file, false, 0, 0, call));
}

extern "C" int rename(const char* from, const char* to) {
  return static_cast<int>(on_name(to, false, [&] { return syscall(SYS_rename, from, to); }));
}

extern "C" int unlink(const char* path) {
  return static_cast<int>(on_name(path, false, [&] { return syscall(SYS_unlink, path); }));
}

extern "C" int mkdir(const char* path, mode_t mode) {
  const auto call = [&] { return syscall(SYS_mkdir, path, mode); };
  struct stat status{};
  if (!watches || lstat(path, &status) == 0) return static_cast<int>(call());
  return static_cast<int>(on_name(path, true, call));
}
