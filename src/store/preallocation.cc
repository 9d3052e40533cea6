#include "store/preallocation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "store/disk_error.h"

namespace wasm_server {
namespace {

// Writes up to this size find zeroes that were written before; for larger ones, writing everything
// twice would cost more than it saves, and blocks are only reserved.
constexpr std::uint64_t kSmall = 1U << 20;
constexpr std::uint64_t kWriteAhead = 4U << 20;
constexpr std::uint64_t kReserveAhead = 64U << 20;

}  // namespace

Preallocation::Preallocation(int file, std::uint64_t max) : file_(file), max_(max) {
  struct stat status{};
  if (fstat(file, &status) == 0) reserved_ = static_cast<std::uint64_t>(status.st_size);
}

int Preallocation::prepare(std::uint64_t used, std::uint64_t bytes) {
  const std::uint64_t end = used + bytes;
  if (end > max_) return EFBIG;
  written_ = std::max(written_, used);
  reserved_ = std::max(reserved_, used);
  if (end <= written_) return 0;
  if (bytes <= kSmall) {
    const int error = write_zeroes(std::min(end + kWriteAhead, max_));
    return end <= written_ ? 0 : error;
  }
  reserve(end);
  // Not every file system can reserve: then the write itself meets the disk's limits.
  return end > reserved_ && is_storage_full(errno) ? errno : 0;
}

int Preallocation::write_zeroes(std::uint64_t end) {
  alignas(4096) static const std::array<char, 256U << 10> zeroes{};  // for O_DIRECT
  int error = 0;
  while (written_ < end && error == 0) {
    const auto size = std::min<std::uint64_t>(zeroes.size(), end - written_);
    const ssize_t done = pwrite(file_, zeroes.data(), size, static_cast<off_t>(written_));
    if (done > 0) written_ += static_cast<std::uint64_t>(done);
    if (done == 0) error = EIO;
    if (done < 0 && errno != EINTR) error = errno;
  }
  reserved_ = std::max(reserved_, written_);
  return error;
}

void Preallocation::reserve(std::uint64_t end) {
  if (end <= reserved_) return;
  for (const std::uint64_t ahead : {kReserveAhead, std::uint64_t{0}}) {
    const std::uint64_t until = std::min(end + ahead, max_);
    const auto from = static_cast<off_t>(reserved_);
    if (fallocate(file_, 0, from, static_cast<off_t>(until - reserved_)) != 0) continue;
    reserved_ = until;
    return;
  }
}

}  // namespace wasm_server
