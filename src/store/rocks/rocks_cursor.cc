#include "store/rocks/rocks_cursor.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "store/rocks/rocks_error.h"

namespace wasm_server {
namespace {

// Greater than all keys, of which those of the code are 32 bytes of any value.
constexpr std::string_view kBehindAll =
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";

// The smallest key that is greater than all that begin with `prefix`; empty when there is none.
std::optional<std::string> behind(std::string_view prefix) {
  std::string key{prefix};
  while (!key.empty() && key.back() == '\xff') key.pop_back();
  if (key.empty()) return std::nullopt;
  ++key.back();
  return key;
}

}  // namespace

std::string key_between(std::string_view low, std::string_view high) {
  const std::size_t size = std::max(low.size(), high.size()) + 1;
  const auto byte = [](std::string_view key, std::size_t i) -> unsigned {
    return i < key.size() ? static_cast<std::uint8_t>(key[i]) : 0;
  };
  // As fractions in base 256: half of their sum, from the first digit on.
  std::string middle(size, '\0');
  unsigned carry = 0;
  for (std::size_t i = size; i-- > 0;) {
    const unsigned sum = byte(low, i) + byte(high, i) + carry;
    middle[i] = static_cast<char>(sum & 0xff);
    carry = sum >> 8;
  }
  unsigned rest = carry;
  for (char& digit : middle) {
    const unsigned value = rest << 8 | static_cast<std::uint8_t>(digit);
    digit = static_cast<char>(value >> 1);
    rest = value & 1;
  }
  while (!middle.empty() && middle.back() == '\0') middle.pop_back();
  return std::max(middle, std::string{low});
}

RocksCursor::RocksCursor(const RocksDatabase& database, Table table, std::string_view from,
                         const rocksdb::ReadOptions& options)
    : at_(database.db().NewIterator(options, database.handle(table))), last_(from) {
  at_->Seek(from);
}

void RocksCursor::next() {
  last_ = key();
  at_->Next();
}

Result<void> RocksCursor::status() const {
  if (const auto status = at_->status(); !status.ok()) return rocks_error(status, "reading");
  return {};
}

// Behind the end first, where there is nothing to read: else RocksDB 7.8 may give the error of a
// block that it could not read for the one that it read before that.
bool RocksCursor::can_seek(std::string_view key) {
  at_->Seek(kBehindAll);
  at_->Seek(key);
  return at_->status().ok();
}

// RocksDB does not say where a block ends that it cannot read. So a key behind it is looked for,
// and then, by halves, the first from which it can go on.
void RocksCursor::skip_damage() {
  std::string bad = last_;
  std::optional<std::string> good;
  for (std::size_t length = last_.size(); length > 0 && !good; --length) {
    good = behind(std::string_view{last_}.substr(0, length));
    if (good && !can_seek(*good)) bad = *std::exchange(good, std::nullopt);
  }
  if (!good && can_seek(kBehindAll)) good = kBehindAll;
  if (!good) return;
  constexpr int kHalves = 160;
  for (int i = 0; i < kHalves; ++i) {
    std::string middle = key_between(bad, *good);
    if (middle == bad) break;
    std::string& end = can_seek(middle) ? *good : bad;
    end = std::move(middle);
  }
  static_cast<void>(can_seek(*good));
  last_ = *std::move(good);
}

}  // namespace wasm_server
