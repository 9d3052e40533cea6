#include "store/rocks/wal_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <boost/crc.hpp>

#include "base/byte_codec.h"

namespace wasm_server {
namespace {

constexpr std::size_t kBlock = 32'768;
constexpr std::size_t kHeader = 4 + 2 + 1;
constexpr std::size_t kBatchHeader = 8 + 4;
// A batch of ours begins with a change of type LogData: type, length, mark.
constexpr std::string_view kMarkPrefix{"\3\20", 2};
constexpr std::size_t kMarked = kBatchHeader + kMarkPrefix.size() + kMarkSize;

enum class Type : std::uint8_t { kFull = 1, kFirst, kMiddle, kLast };

struct Fragment {
  Type type;
  std::string_view payload;
  std::size_t end;  // in the file
};

std::uint32_t u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::uint32_t masked_crc(std::string_view bytes) {
  using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;
  Crc32c crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t sum = crc.checksum();
  return (sum >> 15 | sum << 17) + 0xa282ead8U;
}

// Of a form that can be, whatever its checksum says.
std::optional<Fragment> likely_fragment(std::string_view file, std::size_t at) {
  const std::size_t block_end = std::min(file.size(), (at / kBlock + 1) * kBlock);
  if (at + kHeader > block_end) return std::nullopt;
  const std::string_view header = file.substr(at, kHeader);
  const auto type = static_cast<std::uint8_t>(header[6]);
  const std::size_t size =
      static_cast<std::uint8_t>(header[4]) + 256U * static_cast<std::uint8_t>(header[5]);
  const bool known =
      type >= std::to_underlying(Type::kFull) && type <= std::to_underlying(Type::kLast);
  if (!known || at + kHeader + size > block_end) return std::nullopt;
  return Fragment{static_cast<Type>(type), file.substr(at + kHeader, size), at + kHeader + size};
}

bool is_intact(std::string_view file, const Fragment& fragment) {
  const std::size_t at = fragment.end - fragment.payload.size() - kHeader;
  return masked_crc(file.substr(at + 6, 1 + fragment.payload.size())) == u32(file.substr(at, 4));
}

// The next place where a fragment can begin: a header is not divided between blocks.
std::size_t skip_trailer(std::size_t at) {
  const std::size_t left = kBlock - at % kBlock;
  return left < kHeader ? at + left : at;
}

std::optional<Fragment> intact_fragment(std::string_view file, std::size_t at) {
  const auto fragment = likely_fragment(file, skip_trailer(at));
  return fragment && is_intact(file, *fragment) ? fragment : std::nullopt;
}

std::optional<WalBatch> batch_of(std::string_view record) {
  if (record.size() < kBatchHeader) return std::nullopt;
  return WalBatch{ByteReader{record}.u64(), u32(record.substr(8, 4))};
}

bool is_marked(std::string_view record, const DatabaseMark& mark) {
  const std::string_view begin = record.substr(kBatchHeader);
  return begin.starts_with(kMarkPrefix) && begin.substr(kMarkPrefix.size()).starts_with(mark);
}

}  // namespace

std::optional<WalBatch> WalReader::next() {
  record_.clear();
  for (std::size_t at = position_;;) {
    const auto fragment = intact_fragment(file_, at);
    if (!fragment) return std::nullopt;
    const bool begins = fragment->type == Type::kFull || fragment->type == Type::kFirst;
    if (begins != (at == position_)) return std::nullopt;
    at = fragment->end;
    record_ += fragment->payload;
    if (fragment->type == Type::kFull || fragment->type == Type::kLast) {
      const auto batch = batch_of(record_);
      if (batch) position_ = at;
      return batch;
    }
  }
}

bool WalReader::has(const DatabaseMark& mark) const { return is_marked(record_, mark); }

// The mark is looked for before checksums are computed, which would take long for bytes that are
// made for it.
std::optional<WalBatch> marked_batch(std::string_view file, std::size_t at,
                                     const DatabaseMark& mark) {
  const auto first = likely_fragment(file, at);
  if (!first || first->type == Type::kMiddle || first->type == Type::kLast) return std::nullopt;
  std::string begin{first->payload.substr(0, kMarked)};
  std::optional<Fragment> second;
  if (begin.size() < kMarked && first->type == Type::kFirst) {
    second = likely_fragment(file, skip_trailer(first->end));
    if (second) begin += second->payload.substr(0, kMarked - begin.size());
  }
  if (begin.size() < kMarked || !is_marked(begin, mark) || !is_intact(file, *first) ||
      (second && !is_intact(file, *second)))
    return std::nullopt;
  return batch_of(begin);
}

std::size_t used_size(std::string_view file) {
  static const std::array<char, 4096> zeroes{};
  std::size_t size = file.size();
  while (size >= zeroes.size() &&
         std::memcmp(file.data() + size - zeroes.size(), zeroes.data(), zeroes.size()) == 0)
    size -= zeroes.size();
  while (size > 0 && file[size - 1] == 0) --size;
  return size;
}

bool has_later_batch(std::string_view file, std::size_t from, const DatabaseMark& mark,
                     std::uint64_t number) {
  const std::size_t used = used_size(file);
  for (std::size_t at = from; at < used && at + kHeader <= file.size(); ++at) {
    if (file[at + 6] == 0) continue;  // no fragment is of type 0
    const auto batch = marked_batch(file, at, mark);
    if (batch && batch->sequence > number) return true;
  }
  return false;
}

}  // namespace wasm_server
