#include "store/file_room.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace wasm_server {
namespace {

// Batches up to this size write into zeroes that were written before; for larger ones, writing
// everything twice would cost more than it saves, and blocks are only reserved.
constexpr std::uint64_t kSmall = 1U << 20;
constexpr std::uint64_t kWriteAhead = 4U << 20;
constexpr std::uint64_t kReserveAhead = 64U << 20;

}  // namespace

FileRoom::FileRoom(int file, std::uint64_t most) : file_(file), most_(most) {
  struct stat status{};
  if (fstat(file, &status) == 0) reserved_ = static_cast<std::uint64_t>(status.st_size);
}

void FileRoom::prepare(std::uint64_t used, std::uint64_t bytes) {
  const std::uint64_t end = std::min(used + bytes, most_);
  written_ = std::max(written_, used);
  reserved_ = std::max(reserved_, used);
  if (bytes <= kSmall) {
    if (end > written_) write_ahead(written_);
  } else {
    reserve(end);
  }
}

void FileRoom::write_ahead(std::uint64_t from) {
  alignas(4096) static const std::array<char, 256U << 10> zeroes{};  // for O_DIRECT
  const std::uint64_t end = std::min(from + kWriteAhead, most_);
  while (written_ < end) {
    const auto size = std::min<std::uint64_t>(zeroes.size(), end - written_);
    const ssize_t done = pwrite(file_, zeroes.data(), size, static_cast<off_t>(written_));
    if (done <= 0) break;
    written_ += static_cast<std::uint64_t>(done);
  }
  reserved_ = std::max(reserved_, written_);
}

void FileRoom::reserve(std::uint64_t end) {
  if (end <= reserved_) return;
  const std::uint64_t until = std::min(end + kReserveAhead, most_);
  const auto from = static_cast<off_t>(reserved_);
  if (fallocate(file_, 0, from, static_cast<off_t>(until - reserved_)) == 0) reserved_ = until;
}

}  // namespace wasm_server
