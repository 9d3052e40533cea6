#include "store/journal_entry.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "store/byte_codec.h"

namespace wasm_server {
namespace {

constexpr std::size_t kDigest = sizeof(Digest::bytes);

std::optional<Operation> get_module(ByteReader& from) {
  Operation module;
  module.id = from.text();
  std::ranges::copy(from.raw(kDigest), module.digest.bytes.begin());
  module.record = from.text();
  if (from.u8() != 0) module.code = std::make_shared<const Bytes>(from.text());
  if (from.failed()) return std::nullopt;
  return module;
}

}  // namespace

std::size_t journal_size(const Operation& module) {
  constexpr std::size_t kLengths = 1 + 3 * 5;
  return kLengths + module.id.size() + kDigest + module.record.size() +
         (module.code ? module.code->size() : 0);
}

void encode_batch(const std::vector<SharedOperation>& modules, std::string& out) {
  out.clear();
  ByteWriter to{out};
  to.varint(modules.size());
  for (const SharedOperation& module : modules) {
    to.text(module->id);
    to.raw({reinterpret_cast<const char*>(module->digest.bytes.data()), kDigest});
    to.text(module->record);
    to.u8(module->code ? 1 : 0);
    if (module->code) to.text(*module->code);
  }
}

Result<std::vector<SharedOperation>> decode_batch(std::string_view payload) {
  ByteReader from{payload};
  std::vector<SharedOperation> modules;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count; ++i) {
    auto module = get_module(from);
    if (!module) break;
    modules.push_back(std::make_shared<const Operation>(*std::move(module)));
  }
  if (!from.failed() && from.at_end()) return modules;
  return fail(ErrorCode::kInternal, "the journal is damaged", "journal: a batch of another form");
}

}  // namespace wasm_server
