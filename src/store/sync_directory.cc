#include "store/sync_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/descriptor.h"

namespace wasm_server {

int sync_directory(const std::filesystem::path& path) {
  const Descriptor directory{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return directory.get() >= 0 && fsync(directory.get()) == 0 ? 0 : errno;
}

}  // namespace wasm_server
