#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace wasm_server {

void fill_random(void* out, std::size_t size) {
  auto* next = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(next, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::system_error(errno, std::generic_category(), "getrandom");
    next += got;
    size -= static_cast<std::size_t>(got);
  }
}

std::uint64_t random_u64() {
  thread_local std::array<std::uint64_t, 64> buffer;
  thread_local std::size_t left = 0;
  if (left == 0) {
    fill_random(buffer.data(), sizeof buffer);
    left = buffer.size();
  }
  return buffer[--left];
}

}  // namespace wasm_server
