#include "engine/artefacts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "base/descriptor.h"
#include "base/file_io.h"
#include "base/random.h"
#include "engine/artefact_seal.h"
#include "engine/engine_impl.h"

namespace wasm_server {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".cwasm";
constexpr std::string_view kTemporarySuffix = ".tmp";

// Artefacts are read in such pieces to be checked. With 2.7 MB that are in no core's cache this
// takes 0.7 ms; mapping, checking and unmapping them, for the engine to map them again, 1.1 ms.
constexpr std::size_t kPieceBytes = 64U << 10;

std::size_t size_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

Result<void> write_file(const std::string& path, std::string_view content, std::string_view seal) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() >= 0 && write_at(file.get(), 0, content) &&
      write_at(file.get(), content.size(), seal)) {
    return {};
  }
  const auto reason = std::generic_category().message(errno);
  ::unlink(path.c_str());
  return fail(ErrorCode::kInternal, "artefact not written: " + reason);
}

Result<void> make_directory(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return fail(ErrorCode::kInternal, directory + ": " + error.message());
  return {};
}

std::optional<Digest> parse_digest(std::string_view hex) {
  Digest digest;
  if (hex.size() != 2 * digest.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    const char* start = hex.data() + 2 * i;
    if (std::from_chars(start, start + 2, digest.bytes[i], 16).ptr != start + 2) {
      return std::nullopt;
    }
  }
  return digest;
}

std::string suffix_of(const Engine& engine) {
  return fmt::format("-{:016x}{}", engine.impl().compatibility, kSuffix);
}

}  // namespace

Result<std::unique_ptr<Artefacts>> Artefacts::open(const std::string& directory,
                                                   const Engine& engine,
                                                   const std::string& secret) {
  const auto made = make_directory(directory);
  if (!made) return std::unexpected{made.error()};
  return std::unique_ptr<Artefacts>(new Artefacts(directory, engine, secret));
}

Artefacts::Artefacts(std::string directory, const Engine& engine, std::string_view secret)
    : directory_(std::move(directory)),
      engine_(engine),
      key_(sha256(std::string("wasm-server artefact key").append(secret))),
      mark_(fmt::format("{:016x}", random_u64())) {}

std::string Artefacts::name_of(const Digest& digest) const {
  return to_hex(digest) + suffix_of(engine_);
}

std::string Artefacts::path_of(const Digest& digest) const {
  return directory_ + "/" + name_of(digest);
}

std::string Artefacts::temporary_path_of(const Digest& digest) const {
  static std::atomic<std::uint64_t> counter{0};
  return fmt::format("{}.{}.{}{}", path_of(digest), ++counter, mark_, kTemporarySuffix);
}

bool Artefacts::authentic(int fd, const Digest& digest) const {
  const auto size = size_of(fd);
  Seal seal;
  if (size <= kSealBytes || !read_at(fd, size - kSealBytes, seal)) return false;
  SealCheck check(key_, name_of(digest), seal);
  std::array<char, kPieceBytes> buffer;
  for (std::size_t done = 0, left = size - kSealBytes; left > 0;) {
    const auto piece = std::span(buffer).first(std::min(left, kPieceBytes));
    if (!read_at(fd, done, piece)) return false;
    check.add({piece.data(), piece.size()});
    done += piece.size();
    left -= piece.size();
  }
  return check.holds();
}

Result<std::shared_ptr<const CompiledModule>> Artefacts::load(const Digest& digest) const {
  const auto path = path_of(digest);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return fail(ErrorCode::kNotFound, "no artefact");
  if (authentic(file.get(), digest)) {
    auto module = CompiledModule::map_file(engine_, std::move(file));
    if (module) return module;
    spdlog::warn("artefact {} does not load: {}", name_of(digest), module.error().message);
  } else {
    spdlog::warn("artefact {} is not authentic; compiling again", name_of(digest));
  }
  ::unlink(path.c_str());
  return fail(ErrorCode::kNotFound, "no artefact");
}

Result<void> Artefacts::save(const Digest& digest, const CompiledModule& module) const {
  const auto content = module.serialize();
  if (!content) return std::unexpected{content.error()};
  return save(digest, *content);
}

Result<void> Artefacts::save(const Digest& digest, ByteView content) const {
  const auto seal = make_seal(key_, name_of(digest), content);
  if (!seal) return fail(ErrorCode::kInternal, "artefact not sealed");

  const auto path = path_of(digest);
  const auto temporary = temporary_path_of(digest);
  const auto written = write_file(temporary, content, {seal->data(), seal->size()});
  if (!written) return written;
  if (::rename(temporary.c_str(), path.c_str()) == 0) return {};
  ::unlink(temporary.c_str());
  return fail(ErrorCode::kInternal, "artefact not renamed");
}

bool Artefacts::contains(const Digest& digest) const {
  return ::access(path_of(digest).c_str(), F_OK) == 0;
}

void Artefacts::remove(const Digest& digest) const { ::unlink(path_of(digest).c_str()); }

bool Artefacts::is_stale(std::string_view name,
                         const std::function<bool(const Digest&)>& is_stored) const {
  if (name.ends_with(mark_ + std::string(kTemporarySuffix))) return false;  // being written
  const auto suffix = suffix_of(engine_);
  if (!name.ends_with(suffix)) return true;
  const auto digest = parse_digest(name.substr(0, name.size() - suffix.size()));
  return !digest || !is_stored(*digest);
}

void Artefacts::remove_stale(const std::function<bool(const Digest&)>& is_stored,
                             const std::function<bool()>& go_on) const {
  std::error_code error;
  fs::directory_iterator entry(directory_, error);
  for (; !error && entry != fs::directory_iterator{} && go_on(); entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (is_stale(name, is_stored)) ::unlink(entry->path().c_str());
  }
}

}  // namespace wasm_server
