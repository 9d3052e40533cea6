#include "compile/worker/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/file_io.h"

namespace wasm_server {

namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

std::unexpected<Error> failed(const char* what) {
  return fail(ErrorCode::kInternal,
              std::string(what) + ": " + std::generic_category().message(errno));
}

}  // namespace

Result<SealedMemory> SealedMemory::copy_of(ByteView bytes) {
  SealedMemory memory{Descriptor(memfd_create("wasm-server", MFD_CLOEXEC | MFD_ALLOW_SEALING))};
  if (memory.file() < 0) return failed("no memory to hand over");
  if (!write_at(memory.file(), 0, bytes)) {
    // A limit of file sizes (LimitFSIZE of systemd) holds for such memory too, and what is larger
    // could not be stored either.
    if (errno == EFBIG) return fail(ErrorCode::kStorageFull, "larger than any file may be here");
    return failed("no memory to hand over");
  }
  if (fcntl(memory.file(), F_ADD_SEALS, kSeals) != 0) return failed("memory not sealed");
  TRY(memory.map(bytes.size()));
  return memory;
}

Result<SealedMemory> SealedMemory::adopt(Descriptor file, std::uint64_t max_bytes) {
  SealedMemory memory{std::move(file)};
  struct stat status{};
  const int seals = fcntl(memory.file(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) {
    return fail(ErrorCode::kInternal, "memory of another process is not sealed");
  }
  if (fstat(memory.file(), &status) != 0) return failed("memory of another process");
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) {
    return fail(ErrorCode::kInternal, "memory of another process is too large");
  }
  TRY(memory.map(static_cast<std::size_t>(status.st_size)));
  return memory;
}

Result<void> SealedMemory::map(std::size_t size) {
  if (size == 0) return {};
  void* const start = mmap(nullptr, size, PROT_READ, MAP_SHARED, file(), 0);
  if (start == MAP_FAILED) return failed("memory not mapped");
  start_ = static_cast<const char*>(start);
  size_ = size;
  return {};
}

SealedMemory::~SealedMemory() {
  if (start_ != nullptr) munmap(const_cast<char*>(start_), size_);
}

SealedMemory::SealedMemory(SealedMemory&& other) noexcept
    : file_(std::move(other.file_)),
      start_(std::exchange(other.start_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Result<Descriptor> SealedMemory::duplicate() const {
  Descriptor copy(fcntl(file(), F_DUPFD_CLOEXEC, 0));
  if (copy.get() < 0) return failed("memory not shared");
  return copy;
}

}  // namespace wasm_server
