#include "store/code_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "base/file_io.h"
#include "store/disk_error.h"

namespace wasm_server {
namespace {

constexpr std::size_t kBuffer = 4U << 20;

// Batches up to this size go where zeroes were written before (FileRoom): the sync then has nothing
// of the file system's to write. Measured with 100 KB: 130 us instead of 300, of which the zeroes
// take 40 back; for 1 MB they would take more than they save.
constexpr std::size_t kSmallBatch = 256U << 10;

std::unexpected<Error> failed(std::string_view doing) {
  const int error = errno;
  return disk_error(error, "code file: " + std::string{doing});
}

}  // namespace

void CodeFile::FreeBuffer::operator()(char* buffer) const { std::free(buffer); }

Result<std::unique_ptr<CodeFile>> CodeFile::open(const std::filesystem::path& path,
                                                 std::uint64_t most) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  Descriptor file{::open(path.c_str(), kFlags, 0600)};
  struct stat status{};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) {
    return fail(ErrorCode::kInternal,
                "cannot open " + path.string() + ": " + std::generic_category().message(errno));
  }
  Descriptor direct{::open(path.c_str(), kFlags | O_DIRECT, 0600)};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  return std::unique_ptr<CodeFile>{new CodeFile{std::move(file), std::move(direct), size, most}};
}

CodeFile::CodeFile(Descriptor file, Descriptor direct, std::uint64_t size, std::uint64_t most)
    : file_(std::move(file)),
      direct_(std::move(direct)),
      size_at_start_(size),
      room_(written_to(), most),
      space_(most),
      buffer_(static_cast<char*>(std::aligned_alloc(kBlock, kBuffer))) {
  if (!buffer_) throw std::bad_alloc();
}

Result<void> CodeFile::use(const CodePlace& place) {
  if (place.size > size_at_start_ || place.offset > size_at_start_ - place.size) {
    return fail(ErrorCode::kInternal, "code is missing",
                "the code file has " + std::to_string(size_at_start_) +
                    " bytes, and there is code of " + std::to_string(place.size) + " at " +
                    std::to_string(place.offset));
  }
  const std::uint64_t space = whole_blocks(place.size);
  if (place.offset % kBlock != 0 || !space_.use(place.offset, space)) {
    return fail(ErrorCode::kInternal, "code is damaged",
                "two pieces of the code file overlap at " + std::to_string(place.offset));
  }
  used_ += space;
  return {};
}

Result<CodePlace> CodeFile::add(ByteView code) {
  collect();
  const std::uint64_t space = whole_blocks(code.size());
  auto offset = space_.take(space);
  if (!offset) {
    for (int period = 0; period < 2; ++period) {
      readers_.wait();
      collect();
    }
    offset = space_.take(space);
  }
  if (!offset) {
    errno = EFBIG;
    return failed("no room");
  }
  const CodePlace place{*offset, code.size()};
  used_ += space;
  if (auto written = write(*offset, code); !written) {
    free(place);
    return std::unexpected{std::move(written).error()};
  }
  added_.push_back(place);
  return place;
}

void CodeFile::drop_last() {
  free(added_.back());
  added_.pop_back();
}

void CodeFile::drop() {
  for (const CodePlace& place : added_) free(place);
  added_.clear();
  filled_ = 0;
  lost_.reset();
}

void CodeFile::free(const CodePlace& place) {
  const std::uint64_t space = whole_blocks(place.size);
  space_.give_back(place.offset, space);
  used_ -= space;
}

void CodeFile::give_back(const std::vector<CodePlace>& places) {
  returned_.insert(returned_.end(), places.begin(), places.end());
  collect();
}

// Those who read now may have found what cannot be found any more; those who come later cannot.
void CodeFile::collect() {
  if (!readers_.has_ended()) return;
  free_waiting();
  if (returned_.empty()) return;
  readers_.begin();
  waiting_.swap(returned_);
  if (readers_.has_ended()) free_waiting();
}

void CodeFile::free_waiting() {
  for (const CodePlace& place : waiting_) free(place);
  waiting_.clear();
}

Result<void> CodeFile::write(std::uint64_t at, ByteView code) {
  room_.reserve(space_.end());
  if (buffer_at_ + filled_ != at) {
    if (auto flushed = flush(); !flushed) return flushed;
    buffer_at_ = at;
  }
  while (!code.empty()) {
    if (filled_ == kBuffer) {
      if (auto flushed = flush(); !flushed) return flushed;
    }
    const std::size_t size = std::min(code.size(), kBuffer - filled_);
    const std::size_t whole = whole_blocks(size);
    std::memcpy(buffer_.get() + filled_, code.data(), size);
    std::memset(buffer_.get() + filled_ + size, 0, whole - size);
    filled_ += whole;
    code.remove_prefix(size);
  }
  return {};
}

// Afterwards the buffer is empty, written or not.
Result<void> CodeFile::flush() {
  const std::size_t size = std::exchange(filled_, 0);
  const std::uint64_t at = std::exchange(buffer_at_, buffer_at_ + size);
  unsynced_ = unsynced_ || size > 0;
  if (write_at(written_to(), at, {buffer_.get(), size})) return {};
  auto error = failed("writing");
  lost_ = error.error();
  return error;
}

// Of a small batch that follows the last used piece: there is nothing behind it.
void CodeFile::write_ahead() {
  const bool is_small = !unsynced_ && filled_ > 0 && filled_ <= kSmallBatch;
  if (is_small && buffer_at_ + filled_ == space_.end()) room_.prepare(buffer_at_, filled_);
}

Result<void> CodeFile::sync() {
  if (lost_) return std::unexpected{*lost_};
  write_ahead();
  if (auto flushed = flush(); !flushed) return flushed;
  if (unsynced_ && fdatasync(file_.get()) != 0) return failed("syncing");
  unsynced_ = false;
  return {};
}

Result<void> CodeFile::read(const CodePlace& place, std::uint64_t offset, std::size_t length,
                            Bytes& out) const {
  const std::uint64_t begin = std::min(offset, place.size);
  const std::size_t size = std::min<std::uint64_t>(length, place.size - begin);
  bool complete = true;
  out.resize_and_overwrite(size, [&](char* to, std::size_t) {
    complete = read_at(file_.get(), place.offset + begin, {to, size});
    return size;
  });
  if (complete) return {};
  return failed("reading");
}

}  // namespace wasm_server
