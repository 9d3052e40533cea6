#include "store/record.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <xxhash.h>

#include "store/byte_codec.h"

namespace wasm_server {
namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::uint8_t kPlacedReference = 2;
constexpr std::size_t kEnvelope = 1 + 8;

// The order of the mask's bits.
constexpr std::array kLimits = {&ModuleLimits::timeout_ms, &ModuleLimits::memory_bytes,
                                &ModuleLimits::output_bytes, &ModuleLimits::max_concurrency,
                                &ModuleLimits::max_queue};

// --- encoding

void begin_record(std::string& out, std::uint8_t version = kRecordVersion) {
  constexpr std::size_t kUsual = 256;
  out.clear();
  out.reserve(kUsual);
  out += static_cast<char>(version);
  out.append(8, '\0');
}

void seal_record(std::string& out) {
  std::string checksum;
  ByteWriter{checksum}.u64(XXH3_64bits(out.data() + kEnvelope, out.size() - kEnvelope));
  out.replace(1, checksum.size(), checksum);
}

template <class List, class Write>
void put_list(ByteWriter& to, const List& list, Write write) {
  to.varint(list.size());
  for (const auto& element : list) write(to, element);
}

void put_text(ByteWriter& to, const std::string& text) { to.text(text); }
void put_type(ByteWriter& to, ValueType type) { to.u8(std::to_underlying(type)); }

void put_param(ByteWriter& to, const WasmParam& param) {
  to.text(param.name);
  put_type(to, param.param_type);
}

void put_function(ByteWriter& to, const FunctionInfo& function) {
  to.text(function.name);
  put_list(to, function.param, put_param);
  put_list(to, function.result, put_type);
}

void put_import(ByteWriter& to, const ImportInfo& import) {
  to.text(import.module);
  to.text(import.name);
}

void put_pair(ByteWriter& to, const StringMap::value_type& pair) {
  to.text(pair.first);
  to.text(pair.second);
}

void put_limits(ByteWriter& to, const ModuleLimits& limits) {
  unsigned mask = 0;
  for (std::size_t i = 0; i < kLimits.size(); ++i) mask |= (limits.*kLimits[i] ? 1U : 0U) << i;
  to.u8(static_cast<std::uint8_t>(mask));
  for (const auto limit : kLimits) {
    if (limits.*limit) to.varint(*(limits.*limit));
  }
}

void put_head(ByteWriter& to, const WasmMetaData& meta_data) {
  const auto& digest = meta_data.digest.bytes;
  to.u64(meta_data.revision);
  to.raw({reinterpret_cast<const char*>(digest.data()), digest.size()});
  to.u64(meta_data.size);
  to.u64(static_cast<std::uint64_t>(meta_data.created_at));
  to.u64(static_cast<std::uint64_t>(meta_data.updated_at));
}

// --- decoding

template <class T, class Read>
std::vector<T> get_list(ByteReader& from, Read read) {
  std::vector<T> list;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count && !from.failed(); ++i) list.push_back(read(from));
  return list;
}

std::string get_text(ByteReader& from) { return std::string{from.text()}; }

template <class Enum>
Enum get_enum(ByteReader& from, Enum last) {
  const std::uint8_t number = from.u8();
  if (number > std::to_underlying(last)) from.fail();
  return from.failed() ? Enum{} : static_cast<Enum>(number);
}

ValueType get_type(ByteReader& from) { return get_enum(from, ValueType::kOther); }

WasmParam get_param(ByteReader& from) {
  WasmParam param;
  param.name = from.text();
  param.param_type = get_type(from);
  return param;
}

FunctionInfo get_function(ByteReader& from) {
  FunctionInfo function;
  function.name = from.text();
  function.param = get_list<WasmParam>(from, get_param);
  function.result = get_list<ValueType>(from, get_type);
  return function;
}

ImportInfo get_import(ByteReader& from) {
  ImportInfo import;
  import.module = from.text();
  import.name = from.text();
  return import;
}

StringMap get_map(ByteReader& from) {
  StringMap map;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    const std::string_view key = from.text();
    map.emplace_hint(map.end(), key, from.text());
  }
  return map;
}

ModuleLimits get_limits(ByteReader& from) {
  ModuleLimits limits;
  const unsigned mask = from.u8();
  if (mask >> kLimits.size() != 0) from.fail();
  for (std::size_t i = 0; i < kLimits.size(); ++i) {
    if ((mask >> i) & 1U) limits.*kLimits[i] = from.varint();
  }
  return limits;
}

RecordHead get_head(ByteReader& from) {
  RecordHead head;
  head.revision = from.u64();
  const std::string_view digest = from.raw(head.digest.bytes.size());
  std::ranges::copy(digest, head.digest.bytes.begin());
  head.size = from.u64();
  head.created_at = static_cast<UnixMillis>(from.u64());
  head.updated_at = static_cast<UnixMillis>(from.u64());
  return head;
}

void get_body(ByteReader& from, WasmMetaData& meta_data) {
  meta_data.last_job_id = from.text();
  meta_data.run_function = from.text();
  meta_data.param = get_list<WasmParam>(from, get_param);
  meta_data.result = get_list<ValueType>(from, get_type);
  ModuleInfo info;
  info.kind = get_enum(from, ModuleKind::kCommand);
  info.functions = get_list<FunctionInfo>(from, get_function);
  info.imports = get_list<ImportInfo>(from, get_import);
  meta_data.info = std::move(info);
  meta_data.labels = get_map(from);
  meta_data.limits = get_limits(from);
  meta_data.args = get_list<std::string>(from, get_text);
  meta_data.env = get_map(from);
}

std::unexpected<Error> damaged(std::string_view what, std::string_view which,
                               std::string_view why) {
  return fail(ErrorCode::kInternal, "a stored record is damaged",
              std::string{what} + " of " + std::string{which} + ": " + std::string{why});
}

// Why the envelope is not good; empty when it is.
std::string_view envelope_fault(std::string_view record, std::uint8_t newest = kRecordVersion) {
  ByteReader envelope{record};
  const std::uint8_t version = envelope.u8();
  const std::uint64_t checksum = envelope.u64();
  if (envelope.failed()) return "cut off";
  if (version == 0 || version > newest) return "unknown record version";
  const std::string_view body = record.substr(kEnvelope);
  return XXH3_64bits(body.data(), body.size()) == checksum ? std::string_view{}
                                                           : "checksum does not match";
}

std::string big_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 0xff);
  return bytes;
}

}  // namespace

void encode_record(const WasmMetaData& meta_data, std::string& out) {
  begin_record(out);
  ByteWriter to{out};
  put_head(to, meta_data);
  to.text(meta_data.last_job_id);
  to.text(meta_data.run_function);
  put_list(to, meta_data.param, put_param);
  put_list(to, meta_data.result, put_type);
  to.u8(std::to_underlying(meta_data.info->kind));
  put_list(to, meta_data.info->functions, put_function);
  put_list(to, meta_data.info->imports, put_import);
  put_list(to, meta_data.labels, put_pair);
  put_limits(to, meta_data.limits);
  put_list(to, meta_data.args, put_text);
  put_list(to, meta_data.env, put_pair);
  seal_record(out);
}

Result<WasmMetaData> decode_record(std::string_view id, std::string_view record) {
  if (const auto fault = envelope_fault(record); !fault.empty())
    return damaged("record", id, fault);
  ByteReader from{record.substr(kEnvelope)};
  const RecordHead head = get_head(from);
  WasmMetaData meta_data;
  meta_data.id = id;
  meta_data.revision = head.revision;
  meta_data.digest = head.digest;
  meta_data.size = head.size;
  meta_data.created_at = head.created_at;
  meta_data.updated_at = head.updated_at;
  get_body(from, meta_data);
  if (from.failed() || !from.at_end()) return damaged("record", id, "not of its form");
  return meta_data;
}

Result<RecordHead> decode_record_head(std::string_view id, std::string_view record) {
  if (const auto fault = envelope_fault(record); !fault.empty())
    return damaged("record", id, fault);
  ByteReader from{record.substr(kEnvelope)};
  const RecordHead head = get_head(from);
  if (from.failed()) return damaged("record", id, "not of its form");
  return head;
}

std::string encode_reference(const BlobReference& reference) {
  std::string out;
  begin_record(out, reference.place ? kPlacedReference : kRecordVersion);
  ByteWriter to{out};
  to.u64(reference.count);
  to.u64(reference.size);
  if (reference.code) to.raw(*reference.code);
  if (reference.place) to.u64(reference.place->offset);
  seal_record(out);
  return out;
}

Result<BlobReference> decode_reference(const Digest& digest, std::string_view record) {
  if (const auto fault = envelope_fault(record, kPlacedReference); !fault.empty()) {
    return damaged("blob reference", to_hex(digest), fault);
  }
  ByteReader from{record.substr(kEnvelope)};
  BlobReference reference;
  reference.count = from.u64();
  reference.size = from.u64();
  if (static_cast<std::uint8_t>(record.front()) == kPlacedReference) {
    reference.place = CodePlace{from.u64(), reference.size};
  } else if (!from.at_end() || reference.size == 0) {
    reference.code = from.raw(reference.size);
  }
  if (from.failed() || !from.at_end())
    return damaged("blob reference", to_hex(digest), "not of its form");
  return reference;
}

std::string revision_prefix(std::string_view id) {
  std::string key{id};
  key += '\0';
  return key;
}

std::string revision_key(std::string_view id, std::uint64_t revision) {
  return revision_prefix(id) + big_endian(revision);
}

std::string extent_key(const CodePlace& place) { return big_endian(place.offset); }

std::string encode_extent(const CodePlace& place) {
  std::string out;
  begin_record(out);
  ByteWriter{out}.u64(place.size);
  seal_record(out);
  return out;
}

Result<CodePlace> decode_extent(std::string_view key, std::string_view record) {
  CodePlace place;
  for (const char byte : key) place.offset = place.offset << 8 | static_cast<std::uint8_t>(byte);
  const std::string which = "extent at " + std::to_string(place.offset);
  if (const auto fault = envelope_fault(record); !fault.empty())
    return damaged("record", which, fault);
  ByteReader from{record.substr(kEnvelope)};
  place.size = from.u64();
  if (from.failed() || !from.at_end()) return damaged("record", which, "not of its form");
  return place;
}

}  // namespace wasm_server
