#include "store/space_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/log.h"
#include "store/disk_error.h"

namespace wasm_server {
namespace {

constexpr std::chrono::seconds kBetweenRefills{1};
constexpr std::uint64_t kPiece = 1U << 20;

// As far as its blocks go.
std::uint64_t size_of(int file) {
  struct stat status{};
  return fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

SpaceReserve::SpaceReserve(const std::filesystem::path& directory, std::uint64_t bytes)
    : path_(directory / "reserve"), bytes_(bytes), held_(size_of(file())) {
  if (held_ > bytes_ && ftruncate(file(), static_cast<off_t>(bytes_)) == 0) held_ = bytes_;
  take();
}

// A disk may be too full for one more name as well.
int SpaceReserve::file() {
  if (!file_ || file_->get() < 0)
    file_.emplace(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  return file_->get();
}

bool SpaceReserve::is_kept() {
  if (is_kept_.load(std::memory_order_relaxed)) return true;
  const std::lock_guard lock{mutex_};
  const auto now = std::chrono::steady_clock::now();
  if (refilled_ && now < *refilled_ + kBetweenRefills) return false;
  refilled_ = now;
  take();
  return is_kept_;
}

void SpaceReserve::refill() {
  const std::lock_guard lock{mutex_};
  take();
}

// In pieces, so that it gets what there is.
void SpaceReserve::take() {
  while (can_reserve_ && held_ < bytes_) {
    const std::uint64_t piece = std::min(kPiece, bytes_ - held_);
    const int to = file();
    if (to < 0) break;
    if (fallocate(to, 0, static_cast<off_t>(held_), static_cast<off_t>(piece)) != 0) {
      const int error = errno;
      if (error == EINTR) continue;
      can_reserve_ = is_storage_full(error);
      if (!can_reserve_) log_info("store: this file system cannot keep a reserve of space");
      break;
    }
    held_ += piece;
  }
  is_kept_ = !can_reserve_ || held_ >= bytes_ / 2;
}

bool SpaceReserve::give_away() {
  const std::lock_guard lock{mutex_};
  const std::uint64_t piece = std::min(held_, std::max(kPiece, bytes_ / 8));
  if (piece == 0 || ftruncate(file(), static_cast<off_t>(held_ - piece)) != 0) return false;
  held_ -= piece;
  is_kept_ = held_ >= bytes_ / 2;
  log_warning("store: the disk is full; what frees space gets " + std::to_string(piece) +
              " bytes of the reserve, which has " + std::to_string(held_) + " left");
  return true;
}

}  // namespace wasm_server
