#include "store/rocks/wal_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include <xxhash.h>

#include "base/byte_codec.h"
#include "base/file_io.h"
#include "store/sync_directory.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

// Each block: checksum u64 of the rest, mark, generation u64, count varint, and for each file its
// number and size, varints, and whether it is complete, u8; then zeroes.
constexpr std::size_t kBlock = 4096;
constexpr std::size_t kMaxFiles = 200;  // as many as a block holds

std::unexpected<Error> refuse(const std::string& why) { return fail(ErrorCode::kInternal, why); }

std::string file_name(std::uint64_t number) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "%06llu.log", static_cast<unsigned long long>(number));
  return name.data();
}

std::uint64_t checksum(std::string_view block) {
  block.remove_prefix(sizeof(std::uint64_t));
  return XXH3_64bits(block.data(), block.size());
}

}  // namespace

DatabaseMark make_database_mark(std::string_view database_identity) {
  const XXH128_hash_t hash = XXH3_128bits(database_identity.data(), database_identity.size());
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  static_assert(sizeof bytes.digest == kMarkSize);
  return {reinterpret_cast<const char*>(bytes.digest), kMarkSize};
}

Result<std::unique_ptr<WalList>> WalList::create(const Path& database, const DatabaseMark& mark) {
  const Path path = database / kName;
  Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (file.get() < 0 || !write_at(file.get(), 0, std::string(2 * kBlock, '\0')))
    return refuse("cannot make " + path.string() + ": " + std::generic_category().message(errno));
  return std::unique_ptr<WalList>{new WalList{std::move(file), mark}};
}

Result<std::unique_ptr<WalList>> WalList::open(const Path& database, const DatabaseMark& mark) {
  const Path path = database / kName;
  Descriptor file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  if (file.get() < 0 && errno == ENOENT) return refuse("the file WALS is missing");
  std::string blocks(2 * kBlock, '\0');
  if (file.get() < 0 || !read_at(file.get(), 0, blocks))
    return refuse("cannot read the file WALS: " + std::generic_category().message(errno));
  std::unique_ptr<WalList> list{new WalList{std::move(file), mark}};
  const std::string_view both{blocks};
  const bool first = list->read(both.substr(0, kBlock));
  const bool second = list->read(both.substr(kBlock));
  if (!first && !second) return refuse("the file WALS is damaged, or that of another database");
  return list;
}

// Takes the block for what the list is, when it is one and newer.
bool WalList::read(std::string_view block) {
  ByteReader from{block};
  if (from.u64() != checksum(block) || from.raw(kMarkSize) != mark_) return false;
  const std::uint64_t generation = from.u64();
  std::map<std::uint64_t, Listed> files;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    const std::uint64_t number = from.varint();
    Listed& file = files[number];
    file.size = from.varint();
    file.is = from.u8() == 0 ? Is::kWritten : Is::kComplete;
  }
  if (from.failed()) return false;
  if (generation > generation_) {
    generation_ = generation;
    files_ = std::move(files);
  }
  return true;
}

Result<void> WalList::check(const Path& database) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [number, file] : files_) {
    const std::string name = file_name(number);
    std::error_code error;
    const std::uint64_t found = std::filesystem::file_size(database / name, error);
    if (error) return refuse("the write-ahead log " + name + " is missing");
    if (found < file.size) {
      return refuse("the write-ahead log is damaged: " + name + " is cut off, it has " +
                    std::to_string(found) + " of " + std::to_string(file.size) + " bytes");
    }
  }
  return {};
}

int WalList::set(std::uint64_t number, std::uint64_t size, Is is) {
  const std::lock_guard lock{mutex_};
  files_[number] = {size, is};
  while (files_.size() > kMaxFiles) files_.erase(files_.begin());
  return write();
}

std::optional<std::uint64_t> WalList::complete_size(std::uint64_t number) const {
  const std::lock_guard lock{mutex_};
  const auto found = files_.find(number);
  if (found == files_.end() || found->second.is != Is::kComplete) return std::nullopt;
  return found->second.size;
}

int WalList::remove(std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  return files_.erase(number) == 0 ? 0 : write();
}

int WalList::write() {
  std::string block;
  ByteWriter to{block};
  to.u64(0);
  to.raw(mark_);
  to.u64(generation_ + 1);
  to.varint(files_.size());
  for (const auto& [number, file] : files_) {
    to.varint(number);
    to.varint(file.size);
    to.u8(std::to_underlying(file.is));
  }
  block.resize(kBlock);
  std::string sum;
  ByteWriter{sum}.u64(checksum(block));
  block.replace(0, sum.size(), sum);
  const std::uint64_t at = (generation_ + 1) % 2 * kBlock;
  if (!write_at(file_.get(), at, block) || fdatasync(file_.get()) != 0) return errno;
  ++generation_;
  return 0;
}

}  // namespace wasm_server
