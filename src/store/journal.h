#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/result.h"

namespace wasm_server {

// A file in which batches become durable before the database's trees have them: one write behind
// the last one and one sync, where a commit of the trees is a sync of pages all over the file and
// one more of its root. Two halves are used in turn, so that one is written while what stands in
// the other goes to the database. The file is written once in full when it is made: later syncs
// have nothing to record but the bytes.
//
//   a half    entries one behind the other, from its start, in the order of their numbers; then
//             what an earlier use has left, whose numbers are smaller, or zeroes
//   an entry  magic u32, size of the payload u32, number of the batch u64, checksum u64 (XXH3-64 of
//             the payload, seeded with the number), checksum of these four u64 (seeded with a key),
//             payload
//
// A crash while an entry is written leaves one whose checksum does not match, and it is the last:
// the batch was not answered. If one with a greater number stands anywhere behind, it was: then the
// journal is damaged. Payloads hold bytes of clients, who shall not be able to write what looks
// like an entry: they do not know the key. Formats up to 4 of the database have entries without the
// second checksum and with another magic; these are read as well. Belongs to the thread that
// writes.
class Journal {
 public:
  static constexpr std::uint64_t kHalf = 8U << 20;

  // Makes the file (mode 0600) when it is not there. Without room for it on the disk it is there,
  // but nothing fits until prepare() finds room.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& path,
                                               std::uint64_t key);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  using Take = std::function<Result<void>(std::uint64_t number, std::string_view payload)>;
  // Gives every batch after number `applied`, in order. kInternal when one is missing, damaged, or
  // cannot be read. Before anything is appended.
  Result<void> replay(std::uint64_t applied, const Take& take) const;

  // Before fits(): tries again to write the file in full when there was no room for it.
  void prepare() { usable_ = usable_ || fill(); }
  // Whether a payload of that size has room in the half in use.
  bool fits(std::size_t payload) const;
  // Durable when it returns success. After kStorageFull nothing was appended; after another failure
  // it is not known what a disk will give back.
  Result<void> append(std::uint64_t number, std::string_view payload);
  // Goes on at the start of the other half, which holds nothing any more that is not applied.
  void turn();
  // Nothing fits until restart(): both halves hold what is not applied.
  void close() { position_ = kHalf; }
  // Goes on at the start of this half: all that either of them holds is applied.
  void restart() { position_ = 0; }

 private:
  struct Entry {
    std::uint64_t number;
    std::string payload;
  };

  struct Header;
  struct Found;

  Journal(Descriptor file, std::uint64_t key) : file_(std::move(file)), key_(key) {}
  bool fill() const;
  Result<std::string> read_half(unsigned half) const;
  std::optional<Header> header_at(std::string_view half, std::size_t place) const;
  void find_entries(std::string_view half, std::uint64_t applied, Found& found) const;
  std::uint64_t greatest_number(std::string_view rest) const;
  std::string head_of(std::uint64_t number, std::string_view payload) const;

  const Descriptor file_;
  const std::uint64_t key_;
  bool usable_ = false;
  unsigned half_ = 0;
  std::uint64_t position_ = 0;  // in the half
};

}  // namespace wasm_server
