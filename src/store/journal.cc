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

constexpr std::string_view kMagic = "WSJ1";
constexpr std::size_t kHeader = 4 + 4 + 8 + 8;

std::uint64_t checksum_of(std::uint64_t number, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), number);
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& path) {
  Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) {
    return fail(ErrorCode::kInternal,
                "cannot open " + path.string() + ": " + std::generic_category().message(errno));
  }
  std::unique_ptr<Journal> journal{new Journal{std::move(file)}};
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

bool Journal::read_entry(std::uint64_t place, std::uint64_t end, Entry& entry) const {
  std::string header(kHeader, '\0');
  if (end - place < kHeader || !read_at(file_.get(), place, header)) return false;
  if (!header.starts_with(kMagic)) return false;
  std::uint32_t size = 0;
  std::memcpy(&size, header.data() + kMagic.size(), sizeof size);
  ByteReader numbers{std::string_view{header}.substr(kMagic.size() + sizeof size)};
  entry.number = numbers.u64();
  const std::uint64_t checksum = numbers.u64();
  if (size > end - place - kHeader) return false;
  entry.payload.resize(size);
  return read_at(file_.get(), place + kHeader, entry.payload) &&
         checksum_of(entry.number, entry.payload) == checksum;
}

Result<void> Journal::replay(std::uint64_t applied, const Take& take) const {
  std::vector<Entry> entries;
  for (std::uint64_t begin = 0; begin < 2 * kHalf; begin += kHalf) {
    std::uint64_t place = begin;
    std::uint64_t last = 0;
    Entry entry;
    while (read_entry(place, begin + kHalf, entry) && (last == 0 || entry.number == last + 1)) {
      last = entry.number;
      place += kHeader + entry.payload.size();
      if (entry.number > applied) entries.push_back(std::move(entry));
    }
  }
  std::ranges::sort(entries, {}, &Entry::number);
  for (const Entry& entry : entries) {
    if (entry.number != ++applied) {
      return fail(ErrorCode::kInternal, "the journal is damaged",
                  "journal: batch " + std::to_string(applied) + " is missing");
    }
    if (auto taken = take(entry.number, entry.payload); !taken) return taken;
  }
  return {};
}

bool Journal::fits(std::size_t payload) const {
  return usable_ && position_ + kHeader + payload <= kHalf;
}

Result<void> Journal::append(std::uint64_t number, std::string_view payload) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  std::string header{kMagic};
  header.append(reinterpret_cast<const char*>(&size), sizeof size);
  ByteWriter to{header};
  to.u64(number);
  to.u64(checksum_of(number, payload));
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
