#include "store/journal_entry.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "store/byte_codec.h"
#include "store/record.h"

namespace wasm_server {
namespace {

constexpr std::size_t kDigest = sizeof(Digest::bytes);

// What follows a module's record.
constexpr std::uint8_t kNoCode = 0;
constexpr std::uint8_t kCode = 1;
constexpr std::uint8_t kPlace = 2;

std::optional<Operation> get_module(ByteReader& from) {
  Operation module;
  module.id = from.text();
  std::ranges::copy(from.raw(kDigest), module.digest.bytes.begin());
  module.record = from.text();
  const std::uint8_t code = from.u8();
  if (code == kCode) module.code = std::make_shared<const Bytes>(from.text());
  if (code == kPlace) {
    const std::uint64_t offset = from.varint();
    module.place = CodePlace{offset, from.varint()};
  }
  if (from.failed() || code > kPlace) return std::nullopt;
  const auto head = decode_record_head(module.id, module.record);
  if (!head) return std::nullopt;
  module.revision = head->revision;
  return module;
}

void put_code(ByteWriter& to, const Operation& module) {
  if (module.code) {
    to.u8(kCode);
    to.text(*module.code);
  } else if (module.place) {
    to.u8(kPlace);
    to.varint(module.place->offset);
    to.varint(module.place->size);
  } else {
    to.u8(kNoCode);
  }
}

}  // namespace

std::size_t journal_size(const Operation& module) {
  constexpr std::size_t kLengths = 1 + 2 * 10 + 3 * 5;
  return kLengths + module.id.size() + kDigest + content_bytes(module);
}

void encode_batch(const std::vector<SharedOperation>& modules, std::string& out) {
  out.clear();
  ByteWriter to{out};
  to.varint(modules.size());
  for (const SharedOperation& module : modules) {
    to.text(module->id);
    to.raw({reinterpret_cast<const char*>(module->digest.bytes.data()), kDigest});
    to.text(module->record);
    put_code(to, *module);
  }
}

Result<std::vector<SharedOperation>> decode_batch(std::string_view payload) {
  const auto damaged =
      fail(ErrorCode::kInternal, "the journal is damaged", "journal: a batch of another form");
  ByteReader from{payload};
  std::vector<SharedOperation> modules;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count; ++i) {
    auto module = get_module(from);
    if (!module) return damaged;
    modules.push_back(std::make_shared<const Operation>(*std::move(module)));
  }
  if (from.failed() || !from.at_end()) return damaged;
  return modules;
}

}  // namespace wasm_server
