#pragma once

// The bytes on disk. An LMDB environment in the data directory with these sub-databases:
//
//   current    id                               -> module record of the current revision
//   revisions  id, 0, revision (big-endian u64) -> module record of a superseded revision
//   blobs      digest (32 bytes)                -> code as sent, when it is over kInlineCode bytes
//                                                  and not in the code file
//   blob_refs  digest (32 bytes)                -> reference record
//   extents    offset (big-endian u64)          -> extent record: what lies in the code file
//   settings   "format"    u64: kFormatVersion
//              "sequence"  u64: number of the last batch that is in here
//              "secret"    32 random bytes
//
// Beside it the file `journal` with the batches after that one (store/journal.h, since format 2;
// with revisions, since format 4), and the file `code` with the code that is not small
// (store/code_file.h, since format 3; what was stored before stays in blobs).
//
// Jobs, executions and idempotency keys will be sub-databases of their own.
//
// Every record begins with a version (u8) and a checksum (u64, XXH3-64 of all that follows it).
// Numbers are little-endian, varints LEB128, a text is its length (varint) and its bytes, a list
// its count (varint) and its elements.
//
//   module record     version = 1, checksum, then the RecordHead: revision u64, digest 32 bytes,
//                     size u64, created_at u64, updated_at u64; then
//                     last_job_id text, run_function text, param list, result list, kind u8,
//                     functions list of (name text, param list, result list),
//                     imports list of (module text, name text), labels list of (text, text),
//                     limits: mask u8 and a varint for each bit, args list of text,
//                     env list of (text, text);
//                     a param is (name text, type u8) and a result is a type u8
//   reference record  version = 1, checksum, count u64, size u64, and the code itself when it is
//                     not in blobs; or version = 2, checksum, count u64, size u64, offset u64 in
//                     the code file
//   extent record     version = 1, checksum, size u64
//
// The enumerators' numbers are those of store/wasm_storage.h: new ones go to the end.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "store/code_file.h"
#include "store/wasm_storage.h"

namespace wasm_server {

inline constexpr std::uint64_t kFormatVersion = 5;

// The part at fixed places: what a reader of the code or a keeper of references needs, without the
// rest.
struct RecordHead {
  std::uint64_t revision = 0;
  Digest digest;
  std::uint64_t size = 0;
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;
};

// Small code stands in its reference record: a digest's place in a tree is random, so that each
// tree with digests as keys costs a page of its own per module. Measured with commits of 256 new
// modules of 69 bytes: 8 us of CPU a module instead of 12.
inline constexpr std::size_t kInlineCode = 1024;

// How many revisions, current and superseded, have this code.
struct BlobReference {
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  std::optional<std::string_view> code;  // when it stands here; points into the record
  std::optional<CodePlace> place{};      // when it is in the code file; neither: it is in blobs
};

// Replaces `out`, whose capacity is kept.
void encode_record(const WasmMetaData& meta_data, std::string& out);

// Any bytes at all may be given; those that are not an intact record are kInternal, with a log text
// that says what is wrong with which id. Both verify the checksum.
Result<WasmMetaData> decode_record(std::string_view id, std::string_view record);
Result<RecordHead> decode_record_head(std::string_view id, std::string_view record);

std::string encode_reference(const BlobReference& reference);
Result<BlobReference> decode_reference(const Digest& digest, std::string_view record);

// Key of a superseded revision, and the prefix of all of an id's.
std::string revision_key(std::string_view id, std::uint64_t revision);
std::string revision_prefix(std::string_view id);

std::string extent_key(const CodePlace& place);
std::string encode_extent(const CodePlace& place);
Result<CodePlace> decode_extent(std::string_view key, std::string_view record);

}  // namespace wasm_server
