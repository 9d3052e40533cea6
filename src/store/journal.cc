#include "store/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <xxhash.h>

#include "base/file_io.h"
#include "store/byte_codec.h"
#include "store/disk_error.h"

namespace wasm_server {
namespace {

constexpr std::string_view kOldMagic = "WSJ1";
constexpr std::size_t kOldHeader = 4 + 4 + 8 + 8;
constexpr std::string_view kMagic = "WSJ2";
constexpr std::size_t kHeader = kOldHeader + 8;

std::uint64_t checksum_of(std::uint64_t seed, std::string_view bytes) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& path,
                                               std::uint64_t key) {
  Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) {
    return fail(ErrorCode::kInternal,
                "cannot open " + path.string() + ": " + std::generic_category().message(errno));
  }
  std::unique_ptr<Journal> journal{new Journal{std::move(file), key}};
  journal->prepare();
  return journal;
}

// What is not written yet is written with zeroes. Whether there is room is asked first, which costs
// little on a full disk; and what does not suffice is left to others.
bool Journal::fill() const {
  struct stat status{};
  if (fstat(file_.get(), &status) != 0) return false;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size >= 2 * kHalf) return true;
  bool filled = fallocate(file_.get(), 0, 0, 2 * kHalf) == 0 || !is_storage_full(errno);
  const std::string zeroes(256U << 10, '\0');
  for (std::uint64_t at = size; filled && at < 2 * kHalf; at += zeroes.size()) {
    filled = write_at(file_.get(), at, zeroes);
  }
  if (!filled) static_cast<void>(!ftruncate(file_.get(), status.st_size));
  return filled;
}

// As much of it as the file has.
Result<std::string> Journal::read_half(unsigned half) const {
  std::string bytes(kHalf, '\0');
  std::size_t size = 0;
  while (size < kHalf) {
    const auto place = static_cast<off_t>(half * kHalf + size);
    const ssize_t got = pread(file_.get(), bytes.data() + size, kHalf - size, place);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return disk_error(false, "journal: reading", std::generic_category().message(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

struct Journal::Header {
  std::uint64_t number;
  std::uint64_t checksum;
  std::string_view payload;
  std::size_t end;
};

struct Journal::Found {
  std::vector<Entry> entries;
  std::uint64_t greatest = 0;  // of an entry that follows damage
};

// What of an entry is certain before its payload is looked at: nothing, if it is of an old format.
std::optional<Journal::Header> Journal::header_at(std::string_view half, std::size_t place) const {
  const std::string_view rest = half.substr(place);
  const bool old = rest.starts_with(kOldMagic);
  const std::size_t length = old ? kOldHeader : kHeader;
  if (rest.size() < length || (!old && !rest.starts_with(kMagic))) return std::nullopt;
  std::uint32_t size = 0;
  std::memcpy(&size, rest.data() + kMagic.size(), sizeof size);
  ByteReader numbers{
      rest.substr(kMagic.size() + sizeof size, length - kMagic.size() - sizeof size)};
  const std::uint64_t number = numbers.u64();
  const std::uint64_t checksum = numbers.u64();
  if (!old && numbers.u64() != checksum_of(key_, rest.substr(0, kOldHeader))) return std::nullopt;
  if (size > rest.size() - length) return std::nullopt;
  return Header{number, checksum, rest.substr(length, size), place + length + size};
}

void Journal::find_entries(std::string_view half, std::uint64_t applied, Found& found) const {
  std::size_t place = 0;
  std::uint64_t last = 0;
  while (const auto header = header_at(half, place)) {
    if (last != 0 && header->number != last + 1) break;
    if (checksum_of(header->number, header->payload) != header->checksum) break;
    last = header->number;
    place = header->end;
    if (last > applied) found.entries.push_back({last, std::string{header->payload}});
  }
  found.greatest = std::max(found.greatest, greatest_number(half.substr(place)));
}

// Of the entries that begin anywhere in `rest`, where nothing says where they begin. That the
// header is whole suffices: it was written after the batch before it was synced.
std::uint64_t Journal::greatest_number(std::string_view rest) const {
  std::uint64_t greatest = 0;
  for (auto at = rest.find(kMagic); at != rest.npos; at = rest.find(kMagic, at + 1)) {
    if (const auto header = header_at(rest, at)) greatest = std::max(greatest, header->number);
  }
  return greatest;
}

Result<void> Journal::replay(std::uint64_t applied, const Take& take) const {
  Found found;
  for (const unsigned half : {0U, 1U}) {
    const auto bytes = read_half(half);
    if (!bytes) return std::unexpected{bytes.error()};
    find_entries(*bytes, applied, found);
  }
  const auto damaged = [](std::uint64_t number) {
    return fail(
        ErrorCode::kInternal, "the journal is damaged",
        "the journal is damaged: batch " + std::to_string(number) +
            " is missing, and later ones are there. Restore the data directory from a "
            "backup, or move its file \"journal\" away to lose this batch and all after it");
  };
  std::ranges::sort(found.entries, {}, &Entry::number);
  std::uint64_t last = applied;
  for (const Entry& entry : found.entries) {
    if (entry.number != ++last) return damaged(last);
  }
  // What an earlier use has left is applied. The one after the last may have been torn by a crash.
  if (found.greatest > last + 1) return damaged(last + 1);
  for (const Entry& entry : found.entries) {
    if (auto taken = take(entry.number, entry.payload); !taken) return taken;
  }
  return {};
}

bool Journal::fits(std::size_t payload) const {
  return usable_ && position_ + kHeader + payload <= kHalf;
}

std::string Journal::head_of(std::uint64_t number, std::string_view payload) const {
  const auto size = static_cast<std::uint32_t>(payload.size());
  std::string header{kMagic};
  header.append(reinterpret_cast<const char*>(&size), sizeof size);
  ByteWriter to{header};
  to.u64(number);
  to.u64(checksum_of(number, payload));
  to.u64(checksum_of(key_, header));
  return header;
}

Result<void> Journal::append(std::uint64_t number, std::string_view payload) {
  const std::string header = head_of(number, payload);
  const std::uint64_t place = half_ * kHalf + position_;
  std::optional<std::unexpected<Error>> error;
  if (!write_at(file_.get(), place, header) || !write_at(file_.get(), place + kHeader, payload)) {
    error = disk_error(errno, "journal: writing");
  } else if (fdatasync(file_.get()) != 0) {
    // Even for lack of room: of what was written, nobody knows what is there.
    error = disk_error(false, "journal: syncing", std::generic_category().message(errno));
  }
  if (!error) {
    position_ += kHeader + payload.size();
    return {};
  }
  // Nobody is told that it is stored; as far as that is possible, nobody shall find it either.
  write_at(file_.get(), place, std::string(kHeader, '\0'));
  return *error;
}

void Journal::turn() {
  half_ = 1 - half_;
  position_ = 0;
}

}  // namespace wasm_server
