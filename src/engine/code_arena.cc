#include "engine/code_arena.h"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include "base/file_io.h"

namespace wasm_server {

namespace {

// Elsewhere new code takes more than a barrier before it can run: see what Wasmtime does there.
#ifdef __x86_64__
constexpr bool kSupported = true;
#else
constexpr bool kSupported = false;
#endif

constexpr std::uint64_t kPageBytes = 4096;
// Barriers interrupt the other cores: one for so many removed bytes.
constexpr std::uint64_t kReusedTogether = 1U << 20;
// Free memory that may be kept.
constexpr std::uint64_t kMostKept = 32U << 20;

std::uint64_t in_pages(std::size_t size) { return (size + kPageBytes - 1) & ~(kPageBytes - 1); }

bool barrier(int command) { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

std::unexpected<Error> failed(const char* what) {
  return fail(ErrorCode::kInternal,
              std::string(what) + ": " + std::generic_category().message(errno));
}

}  // namespace

Result<std::unique_ptr<CodeArena>> CodeArena::make(std::size_t capacity) {
  if (!kSupported) return fail(ErrorCode::kInternal, "not on this architecture");
  if (!barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)) return failed("membarrier");
  capacity = in_pages(capacity);
  Descriptor file(::memfd_create("wasm code", MFD_CLOEXEC));
  if (file.get() < 0) return failed("memfd_create");
  if (::ftruncate(file.get(), static_cast<off_t>(capacity)) != 0) return failed("ftruncate");
  void* start = ::mmap(nullptr, capacity, PROT_READ | PROT_EXEC, MAP_SHARED, file.get(), 0);
  if (start == MAP_FAILED) return failed("mmap");
  return std::unique_ptr<CodeArena>(
      new CodeArena(std::move(file), static_cast<const char*>(start), capacity));
}

CodeArena::CodeArena(Descriptor file, const char* start, std::size_t capacity)
    : file_(std::move(file)), start_(start), capacity_(capacity), space_(capacity) {}

CodeArena::~CodeArena() { ::munmap(const_cast<char*>(start_), capacity_); }

std::optional<CodeArena::Piece> CodeArena::add(ByteView content) {
  const auto size = in_pages(content.size());
  if (size == 0) return std::nullopt;
  std::uint64_t offset = 0;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto taken = take(size);
    if (!taken) return std::nullopt;
    offset = *taken;
    number = ++number_;
    pieces_.emplace(offset, Used{size, number});
  }
  const Piece piece{{start_ + offset, content.size()}, number};
  if (write_at(file_.get(), offset, content)) return piece;
  remove(piece);  // no memory is left
  return std::nullopt;
}

std::optional<std::uint64_t> CodeArena::take(std::uint64_t size) {
  auto offset = space_.take(size);
  if (!offset && !removed_.empty()) {
    make_reusable();
    offset = space_.take(size);
  }
  if (offset) kept_ -= std::min(kept_, size);
  return offset;
}

void CodeArena::remove(const void* address) {
  const auto offset = static_cast<std::uint64_t>(static_cast<const char*>(address) - start_);
  const std::lock_guard lock(mutex_);
  const auto next = pieces_.upper_bound(offset);
  if (next == pieces_.begin()) return;
  const auto piece = std::prev(next);
  if (offset - piece->first < piece->second.size) erase(piece);
}

void CodeArena::remove(const Piece& piece) {
  const auto offset = static_cast<std::uint64_t>(piece.content.data() - start_);
  const std::lock_guard lock(mutex_);
  const auto found = pieces_.find(offset);
  if (found != pieces_.end() && found->second.number == piece.number) erase(found);
}

void CodeArena::erase(Pieces::iterator piece) {
  removed_.emplace_back(piece->first, piece->second.size);
  removed_bytes_ += piece->second.size;
  pieces_.erase(piece);
  if (removed_bytes_ >= kReusedTogether) make_reusable();
}

// A core that ran the old code may have its instructions ahead of the memory, and what wrote the
// new ones did not do it through the address that it runs them at.
void CodeArena::make_reusable() {
  if (!barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)) return;
  for (const auto& [offset, size] : removed_) space_.give_back(offset, size);
  kept_ += removed_bytes_;
  removed_.clear();
  removed_bytes_ = 0;
  if (kept_ > kMostKept) give_back_memory();
}

void CodeArena::give_back_memory() {
  const auto give_back = [this](std::uint64_t offset, std::uint64_t size) {
    ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                static_cast<off_t>(size));
  };
  for (const auto& [offset, size] : space_.pieces()) give_back(offset, size);
  if (space_.end() < capacity_) give_back(space_.end(), capacity_ - space_.end());
  kept_ = 0;
}

bool CodeArena::contains(const void* address) const {
  const auto* place = static_cast<const char*>(address);
  return place >= start_ && place < start_ + capacity_;
}

std::size_t CodeArena::resident() const {
  struct stat status{};
  constexpr std::size_t kBlockBytes = 512;  // of st_blocks, stat(2)
  return ::fstat(file_.get(), &status) == 0
             ? static_cast<std::size_t>(status.st_blocks) * kBlockBytes
             : 0;
}

}  // namespace wasm_server
