#include "cli/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <utility>

namespace wasm_server::cli {
namespace {

constexpr int kSettleMillis = 50;
constexpr int kForever = -1;
constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;

std::unexpected<Failure> trouble(const std::string& what) {
  return failure(kLocalTrouble, what + ": " + std::strerror(errno));
}

}  // namespace

FileWatch::FileWatch(Descriptor inotify, std::string name)
    : inotify_(std::move(inotify)), name_(std::move(name)) {}

Outcome<FileWatch> FileWatch::start(const std::string& file) {
  const std::filesystem::path path(file);
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  Descriptor inotify(::inotify_init1(IN_CLOEXEC));
  if (inotify.get() < 0) return trouble("inotify");
  if (::inotify_add_watch(inotify.get(), directory.c_str(), kChanges | IN_ONLYDIR) < 0)
    return trouble(directory.string());
  return FileWatch(std::move(inotify), path.filename().string());
}

Outcome<void> FileWatch::wait_for_change() {
  bool changed = false;
  while (!changed || has_events(kSettleMillis)) {
    if (!changed && !has_events(kForever)) continue;
    TRY_ASSIGN(const bool is_ours, take_events());
    changed = changed || is_ours;
  }
  return {};
}

bool FileWatch::has_events(int millis) const {
  pollfd wanted{inotify_.get(), POLLIN, 0};
  return ::poll(&wanted, 1, millis) > 0;
}

Outcome<bool> FileWatch::take_events() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
  if (got <= 0) return trouble("inotify");
  bool is_ours = false;
  for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0)
      return failure(kLocalTrouble, "the directory that is watched is gone");
    const char* const name = buffer.data() + at + sizeof event;
    // Events that got lost may have been about the file.
    is_ours = is_ours || (event.mask & IN_Q_OVERFLOW) != 0 || (event.len > 0 && name_ == name);
    at += sizeof event + event.len;
  }
  return is_ours;
}

}  // namespace wasm_server::cli
