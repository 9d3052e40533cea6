#include "standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace wasm_server {

bool open_missing_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is this one, for those before it are taken.
    if (::open("/dev/null", O_RDWR) != stream) return false;  // NOLINT: inherited like any stream
  }
  return true;
}

}  // namespace wasm_server
