#include "services/secret_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/descriptor.h"
#include "base/digest.h"
#include "base/file_io.h"
#include "base/random.h"
#include "base/text.h"
#include "store/disk_error.h"
#include "store/sync_directory.h"

namespace wasm_server {
namespace {

constexpr std::size_t kDigits = 2 * std::tuple_size_v<AeadKey>;

std::unexpected<Error> trouble(const std::filesystem::path& file, const std::string& why) {
  return fail(ErrorCode::kInternal, "the key of secrets, " + file.string() + ": " + why);
}

std::uint64_t id_of(const AeadKey& key) {
  const std::string_view bytes(reinterpret_cast<const char*>(key.data()), key.size());
  return std::hash<Digest>{}(sha256("wasm-server key of secrets " + std::string(bytes)));
}

SecretKey key_of(const Digest& bytes) { return {bytes.bytes, id_of(bytes.bytes)}; }

}  // namespace

Result<std::optional<SecretKey>> SecretKey::read(const std::filesystem::path& file) {
  const Descriptor input(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (input.get() < 0 && errno == ENOENT) return std::nullopt;
  struct stat status{};
  if (input.get() < 0 || ::fstat(input.get(), &status) != 0)
    return trouble(file, std::generic_category().message(errno));
  constexpr mode_t kOthers = 0077;
  if ((status.st_mode & kOthers) != 0) return trouble(file, "others may read it (chmod 600)");
  std::string text(kDigits, '\0');
  if (!read_at(input.get(), 0, text)) return trouble(file, "64 hexadecimal digits are wanted");
  const auto bytes = digest_from_hex(to_lower(text));
  const bool has_more = status.st_size > static_cast<off_t>(kDigits) + 1;
  if (!bytes || has_more) return trouble(file, "64 hexadecimal digits are wanted");
  return key_of(*bytes);
}

// Under another name first, so that no half of one is ever found.
Result<SecretKey> SecretKey::make(const std::filesystem::path& file) {
  Digest bytes;
  fill_random(bytes.bytes.data(), bytes.bytes.size());
  const std::filesystem::path part = file.string() + ".part";
  constexpr mode_t kOwnerOnly = 0600;
  const Descriptor output(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  const bool done = output.get() >= 0 && write_at(output.get(), 0, to_hex(bytes) + "\n") &&
                    ::fsync(output.get()) == 0 && ::rename(part.c_str(), file.c_str()) == 0;
  const int error = done ? sync_directory(file.parent_path()) : errno;
  if (error != 0) return disk_error(error, "making " + file.string());
  return key_of(bytes);
}

}  // namespace wasm_server
