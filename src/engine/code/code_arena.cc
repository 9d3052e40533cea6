#include "engine/code/code_arena.h"

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
#include <utility>

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
constexpr std::uint64_t kMaxKept = 32U << 20;

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
  if (content.empty()) return std::nullopt;
  auto piece = take(content.size());
  if (!piece) {
    make_reusable();
    piece = take(content.size());
  }
  if (!piece) return std::nullopt;
  const auto offset = static_cast<std::uint64_t>(piece->content.data() - start_);
  if (write_at(file_.get(), offset, content)) return piece;
  remove(*piece);  // no memory is left
  return std::nullopt;
}

std::optional<CodeArena::Piece> CodeArena::take(std::size_t size) {
  const std::lock_guard lock(mutex_);
  const auto offset = space_.take(in_pages(size));
  if (!offset) return std::nullopt;
  used_bytes_ += in_pages(size);
  pieces_.emplace(*offset, Used{in_pages(size), ++number_});
  return Piece{{start_ + *offset, size}, number_};
}

void CodeArena::remove(const void* address) {
  const auto offset = static_cast<std::uint64_t>(static_cast<const char*>(address) - start_);
  std::unique_lock lock(mutex_);
  const auto next = pieces_.upper_bound(offset);
  if (next == pieces_.begin()) return;
  const auto piece = std::prev(next);
  if (offset - piece->first < piece->second.size) erase(piece, std::move(lock));
}

void CodeArena::remove(const Piece& piece) {
  const auto offset = static_cast<std::uint64_t>(piece.content.data() - start_);
  std::unique_lock lock(mutex_);
  const auto found = pieces_.find(offset);
  if (found != pieces_.end() && found->second.number == piece.number) {
    erase(found, std::move(lock));
  }
}

void CodeArena::erase(Pieces::iterator piece, std::unique_lock<std::mutex> lock) {
  removed_.emplace_back(piece->first, piece->second.size);
  removed_bytes_ += piece->second.size;
  used_bytes_ -= piece->second.size;
  pieces_.erase(piece);
  const bool due = removed_bytes_ >= kReusedTogether;
  lock.unlock();
  if (due) make_reusable();
}

// A core that ran the old code may have its instructions ahead of the memory, and what wrote the
// new ones did not do it through the address that it runs them at. Meanwhile the pieces are
// nobody's: each call of the kernel takes about a microsecond, and workers wait for the lock.
void CodeArena::make_reusable() {
  std::unique_lock lock(mutex_);
  auto removed = std::exchange(removed_, {});
  removed_bytes_ = 0;
  const bool much_is_free = resident() > used_bytes_ + kMaxKept;
  lock.unlock();
  const bool reusable = barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
  if (much_is_free) {
    for (const auto& [offset, size] : removed) release_memory(offset, size);
  }
  lock.lock();
  for (const auto& [offset, size] : removed) {
    if (reusable) {
      space_.release(offset, size);
    } else {
      removed_.emplace_back(offset, size);
      removed_bytes_ += size;
    }
  }
}

void CodeArena::release_memory(std::uint64_t offset, std::uint64_t size) const {
  ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
              static_cast<off_t>(size));
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
