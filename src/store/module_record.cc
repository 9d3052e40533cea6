#include "store/module_record.h"

#include <utility>

#include "base/byte_codec.h"
#include "model/module_codec.h"

namespace wasm_server {
namespace {

constexpr std::uint8_t kVersion = 1;
// Of module records that have what most have not, so that the others stay as short as they were.
constexpr std::uint8_t kWithSecrets = 2;
constexpr std::uint8_t kWithEgress = 3;  // and maybe secrets

enum class CodePlace : std::uint8_t { kTable, kHere, kBlob };

std::uint8_t version_of(const WasmMetaData& meta_data) {
  if (!meta_data.egress.empty()) return kWithEgress;
  return meta_data.secrets.empty() ? kVersion : kWithSecrets;
}

void put_head(ByteWriter& to, const WasmMetaData& meta_data) {
  to.u8(version_of(meta_data));
  to.u64(meta_data.revision);
  put_digest(to, meta_data.digest);
  to.u64(meta_data.size);
  to.u64(static_cast<std::uint64_t>(meta_data.created_at));
  to.u64(static_cast<std::uint64_t>(meta_data.updated_at));
  to.u64(meta_data.tag);
}

RecordHead get_head(ByteReader& from) {
  RecordHead head;
  if (const auto version = from.u8(); version < kVersion || version > kWithEgress) from.fail();
  head.revision = from.u64();
  head.digest = get_digest(from);
  head.size = from.u64();
  head.created_at = static_cast<UnixMillis>(from.u64());
  head.updated_at = static_cast<UnixMillis>(from.u64());
  head.tag = from.u64();
  return head;
}

void get_body(ByteReader& from, WasmMetaData& meta_data) {
  meta_data.run_function = from.text();
  meta_data.param = get_params(from);
  meta_data.result = get_types(from);
  meta_data.info = get_info(from);
  meta_data.labels = get_map(from);
  meta_data.limits = get_limits(from);
  meta_data.args = get_texts(from);
  meta_data.env = get_map(from);
  meta_data.output_types = get_texts(from);
}

std::unexpected<Error> damaged(std::string_view what, std::string_view which) {
  return fail(ErrorCode::kInternal, "a stored record is damaged",
              std::string{what} + " of " + std::string{which} + ": not of its form");
}

CodePlace place_of(const CodeReference& reference) {
  if (reference.blob) return CodePlace::kBlob;
  return reference.code ? CodePlace::kHere : CodePlace::kTable;
}

Blob get_blob(ByteReader& from, std::uint64_t size) {
  Blob blob;
  blob.extent = {from.varint(), size};
  while (!from.failed() && !from.at_end()) blob.checksums.push_back(from.u64());
  if (blob.checksums.size() != size / kBlobChunk + (size % kBlobChunk != 0 ? 1 : 0)) from.fail();
  return blob;
}

}  // namespace

void encode_record(const WasmMetaData& meta_data, std::string& out) {
  constexpr std::size_t kUsual = 256;
  out.clear();
  out.reserve(kUsual);
  ByteWriter to{out};
  put_head(to, meta_data);
  to.text(meta_data.run_function);
  put_params(to, meta_data.param);
  put_types(to, meta_data.result);
  put_info(to, *meta_data.info);
  put_map(to, meta_data.labels);
  put_limits(to, meta_data.limits);
  put_texts(to, meta_data.args);
  put_map(to, meta_data.env);
  put_texts(to, meta_data.output_types);
  const auto version = version_of(meta_data);
  if (version >= kWithSecrets) put_map(to, meta_data.secrets);
  if (version >= kWithEgress) put_texts(to, meta_data.egress);
}

Result<WasmMetaData> decode_record(std::string_view id, std::string_view record) {
  ByteReader from{record};
  const RecordHead head = get_head(from);
  WasmMetaData meta_data;
  meta_data.id = id;
  meta_data.revision = head.revision;
  meta_data.digest = head.digest;
  meta_data.size = head.size;
  meta_data.created_at = head.created_at;
  meta_data.updated_at = head.updated_at;
  meta_data.tag = head.tag;
  get_body(from, meta_data);
  if (from.failed()) return damaged("record", id);
  const auto version = static_cast<std::uint8_t>(record.front());
  if (version >= kWithSecrets) meta_data.secrets = get_map(from);
  if (version >= kWithEgress) meta_data.egress = get_texts(from);
  if (from.failed() || !from.at_end()) return damaged("record", id);
  return meta_data;
}

Result<RecordHead> decode_record_head(std::string_view id, std::string_view record) {
  ByteReader from{record};
  const RecordHead head = get_head(from);
  if (from.failed()) return damaged("record", id);
  return head;
}

std::string encode_reference(const CodeReference& reference) {
  std::string out;
  ByteWriter to{out};
  to.u8(kVersion);
  to.varint(reference.count);
  to.varint(reference.size);
  to.u8(std::to_underlying(place_of(reference)));
  if (reference.code) to.raw(*reference.code);
  if (reference.blob) {
    to.varint(reference.blob->extent.offset);
    for (const std::uint64_t checksum : reference.blob->checksums) to.u64(checksum);
  }
  return out;
}

Result<CodeReference> decode_reference(const Digest& digest, std::string_view record) {
  ByteReader from{record};
  if (from.u8() != kVersion) from.fail();
  CodeReference reference;
  reference.count = from.varint();
  reference.size = from.varint();
  const auto place = get_enum(from, CodePlace::kBlob);
  if (place == CodePlace::kHere) reference.code = from.raw(reference.size);
  if (place == CodePlace::kBlob) reference.blob = get_blob(from, reference.size);
  if (from.failed() || !from.at_end()) return damaged("code reference", to_hex(digest));
  return reference;
}

std::string_view digest_key(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

std::string revision_key(std::string_view id, std::uint64_t revision) {
  std::string key{id};
  key += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>((revision >> shift) & 0xff);
  return key;
}

}  // namespace wasm_server
