#include "compile/artefacts.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <system_error>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "base/file_io.h"
#include "base/random.h"
#include "base/timespec.h"
#include "compile/artefact_seal.h"
#include "engine/engine.h"

namespace wasm_server {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".cwasm";
constexpr std::string_view kTemporarySuffix = ".tmp";

// Artefacts are read in such pieces to be checked. With 2.7 MB that are in no core's cache this
// takes 0.7 ms; mapping, checking and unmapping them, for the engine to map them again, 1.1 ms.
constexpr std::size_t kPieceBytes = 64U << 10;

constexpr std::size_t kSmallFileBytes = CompiledModule::kSmallBytes + kSealBytes;

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

// Ends early when `go_on` says no, or when the directory cannot be read.
void for_each_file(const std::string& directory, const std::function<bool()>& go_on,
                   const std::function<void(const fs::path&)>& look_at) {
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator{} && go_on(); entry.increment(error)) {
    look_at(entry->path());
  }
}

// Both without waiting for the disk: they fail when it would be asked.
int open_without_io(const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.resolve = RESOLVE_CACHED;
  return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
}

bool read_without_io(int fd, std::span<char> out) {
  const iovec all{.iov_base = out.data(), .iov_len = out.size()};
  return ::preadv2(fd, &all, 1, 0, RWF_NOWAIT) == static_cast<ssize_t>(out.size());
}

std::unexpected<Error> not_authentic() { return fail(ErrorCode::kInternal, "is not authentic"); }

std::string suffix_of(const Engine& engine) {
  return fmt::format("-{:016x}{}", engine.compatibility(), kSuffix);
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

// Of a file that is read as a whole; `size`: at most kSmallFileBytes.
Result<std::shared_ptr<const CompiledModule>> Artefacts::load_small(int fd, std::size_t size,
                                                                    Read read,
                                                                    const Digest& digest) const {
  std::array<char, kSmallFileBytes> buffer;
  const auto file = std::span(buffer).first(size);
  if (size <= kSealBytes || !read(fd, file)) return not_authentic();
  const std::string_view content(file.data(), size - kSealBytes);
  Seal seal;
  std::ranges::copy(file.last(kSealBytes), seal.begin());
  SealCheck check(key_, name_of(digest), seal);
  check.add(content);
  if (!check.holds()) return not_authentic();
  return CompiledModule::load(engine_, content);
}

Result<std::shared_ptr<const CompiledModule>> Artefacts::load_file(Descriptor file,
                                                                   const Digest& digest) const {
  const auto size = size_of(file.get());
  if (size > kSmallFileBytes) {
    if (!authentic(file.get(), digest)) return not_authentic();
    return CompiledModule::map_file(engine_, std::move(file));
  }
  const auto read_all = [](int fd, std::span<char> all) { return read_at(fd, 0, all); };
  return load_small(file.get(), size, read_all, digest);
}

Result<std::shared_ptr<const CompiledModule>> Artefacts::load(const Digest& digest) const {
  const auto path = path_of(digest);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return fail(ErrorCode::kNotFound, "no artefact");
  auto module = load_file(std::move(file), digest);
  if (module) return module;
  spdlog::warn("artefact {} {}; compiling again", name_of(digest), module.error().message);
  ::unlink(path.c_str());
  return fail(ErrorCode::kNotFound, "no artefact");
}

std::shared_ptr<const CompiledModule> Artefacts::load_without_io(const Digest& digest) const {
  const Descriptor file(open_without_io(path_of(digest), O_RDONLY));
  const auto size = file.get() < 0 ? 0 : size_of(file.get());
  if (size == 0 || size > kSmallFileBytes) return nullptr;
  return load_small(file.get(), size, read_without_io, digest).value_or(nullptr);
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

bool Artefacts::contains_without_io(const Digest& digest) const {
  return Descriptor(open_without_io(path_of(digest), O_PATH)).get() >= 0;
}

void Artefacts::remove(const Digest& digest) const { ::unlink(path_of(digest).c_str()); }

// Empty when it is not the name of an artefact of this engine.
std::optional<Digest> Artefacts::digest_of(std::string_view name) const {
  const auto suffix = suffix_of(engine_);
  if (!name.ends_with(suffix)) return std::nullopt;
  return digest_from_hex(name.substr(0, name.size() - suffix.size()));
}

bool Artefacts::is_stale(std::string_view name,
                         const std::function<bool(const Digest&)>& is_stored) const {
  if (name.ends_with(mark_ + std::string(kTemporarySuffix))) return false;  // being written
  const auto digest = digest_of(name);
  return !digest || !is_stored(*digest);
}

void Artefacts::remove_stale(const std::function<bool(const Digest&)>& is_stored,
                             const std::function<bool()>& go_on) const {
  for_each_file(directory_, go_on, [&](const fs::path& path) {
    if (is_stale(path.filename().string(), is_stored)) ::unlink(path.c_str());
  });
}

std::vector<Artefacts::Used> Artefacts::last_used(std::size_t limit,
                                                  const std::function<bool()>& go_on) const {
  using Time = std::pair<std::time_t, long>;  // seconds, nanoseconds
  std::multimap<Time, Used, std::greater<>> latest;
  for_each_file(directory_, go_on, [&](const fs::path& path) {
    struct stat status{};
    const auto digest = digest_of(path.filename().string());
    if (!digest || ::lstat(path.c_str(), &status) != 0) return;
    latest.emplace(Time{status.st_mtim.tv_sec, status.st_mtim.tv_nsec},
                   Used{*digest, static_cast<std::uint64_t>(status.st_size)});
    if (latest.size() > limit) latest.erase(std::prev(latest.end()));
  });
  const auto used = latest | std::views::values;
  return {used.begin(), used.end()};
}

void Artefacts::mark_used(std::span<const Digest> latest_first) const {
  constexpr std::chrono::microseconds kApart{1};  // what every file system tells apart
  auto time = std::chrono::system_clock::now();
  for (const auto& digest : latest_first) {
    const std::array times{timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                           timespec_of(time.time_since_epoch())};
    ::utimensat(AT_FDCWD, path_of(digest).c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
    time -= kApart;
  }
}

}  // namespace wasm_server
