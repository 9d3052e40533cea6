#include "store/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "store/sync_directory.h"

namespace wasm_server {
namespace {

constexpr const char* kLockName = "wasm-server.lock";

std::string reason(int error) { return std::generic_category().message(error); }

std::unexpected<Error> refuse(const std::filesystem::path& path, const std::string& why) {
  return fail(ErrorCode::kInternal, "data directory " + path.string() + ": " + why);
}

// With those above it that are not there. 0 or the error, EEXIST when it is there.
int make_with_parents(const std::filesystem::path& path, mode_t mode) {
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  if (mkdir(path.c_str(), mode) == 0) return sync_directory(parent);
  if (errno != ENOENT || parent == path) return errno;
  const int error = make_with_parents(parent, 0777);
  if (error != 0 && error != EEXIST) return error;
  return mkdir(path.c_str(), mode) == 0 ? sync_directory(parent) : errno;
}

Result<void> make_directory(const std::filesystem::path& path) {
  const int made = make_with_parents(path, 0700);
  if (made == 0) return {};
  if (made != EEXIST) return refuse(path, "cannot be made: " + reason(made));
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return refuse(path, "is not a directory");
  if (access(path.c_str(), W_OK | X_OK) != 0)
    return refuse(path, "cannot be written: " + reason(errno));
  return {};
}

std::string holder(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = pread(lock, text.data(), text.size() - 1, 0);
  std::string pid{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0U};
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "process unknown" : "process " + pid;
}

// The lock counts; the text is only for people, so that failing to write it is no reason to stop.
void name_holder(int lock) {
  const std::string pid = std::to_string(getpid()) + '\n';
  if (ftruncate(lock, 0) == 0) static_cast<void>(!pwrite(lock, pid.data(), pid.size(), 0));
}

}  // namespace

Result<DataDirectory> DataDirectory::acquire(const std::filesystem::path& given) {
  // "data/" is "data": its last part is the one that is made for the owner only.
  const std::filesystem::path path = given.has_filename() ? given : given.parent_path();
  if (auto made = make_directory(path); !made) return std::unexpected{std::move(made).error()};
  const std::filesystem::path lock_path = path / kLockName;
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return refuse(path, std::string{"cannot open "} + kLockName + ": " + reason(errno));
  DataDirectory directory{path, lock};
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return refuse(path, std::string{"cannot lock "} + kLockName + ": " + reason(errno));
    return refuse(path, "in use by another server (" + holder(lock) + ")");
  }
  name_holder(lock);
  return directory;
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(other.path_), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

Result<void> DataDirectory::sync() const {
  if (const int error = sync_directory(path_); error != 0)
    return refuse(path_, "cannot be synced: " + reason(error));
  return {};
}

}  // namespace wasm_server
