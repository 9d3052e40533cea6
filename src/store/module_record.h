#pragma once

// The records of modules as bytes. The database verifies what it reads, so they have no checksum of
// their own; a value that is not of its form is an error all the same. The notation is that of
// model/module_codec.h.
//
//   kModules    id                         -> module record of the current revision
//   kRevisions  id, 0, revision u64 (big-endian) -> module record of a superseded revision
//   kReferences digest                     -> reference record
//   kCode       digest                     -> code as sent, when it is over kInlineCode bytes and
//                                             not in the blob file
//
//   module record     version u8 = 1, 2 with secrets, or 3 with egress, then the head at fixed
//   places: revision
//                     u64, digest, size u64, created_at u64, updated_at u64, tag u64; then
//                     run_function text, list of params, list of result types, info, labels map,
//                     limits, args list of texts, env map, output_types list of texts; with secrets
//                     or egress the map of secrets; with egress a list of texts
//   reference record  version u8 = 1, count varint, size varint, place u8; then, by the place,
//                     0: nothing, the code is in kCode; 1: the code itself; 2: its blob, offset
//                     varint and a checksum u64 for every kBlobChunk bytes

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "model/wasm_storage.h"
#include "store/blobs/blob_store.h"

namespace wasm_server {

// What a keeper of references needs, without the rest.
struct RecordHead {
  std::uint64_t revision = 0;
  Digest digest;
  std::uint64_t size = 0;
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;
  std::uint64_t tag = 0;
};

// Small code is in its reference record, which is a key less to write. What is larger is not: the
// record is written again with each revision that has the code too.
inline constexpr std::size_t kInlineCode = 1024;

// How many revisions, current and superseded, have this code.
struct CodeReference {
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  std::optional<std::string_view> code{};  // when it is here; points into the record
  std::optional<Blob> blob{};              // when it is there; neither: it is in kCode
};

// Replaces `out`, whose capacity is kept.
void encode_record(const WasmMetaData& meta_data, std::string& out);

// Any bytes at all may be given; those that are not a record are kInternal, with a log text that
// says which id's.
Result<WasmMetaData> decode_record(std::string_view id, std::string_view record);
Result<RecordHead> decode_record_head(std::string_view id, std::string_view record);

std::string encode_reference(const CodeReference& reference);
Result<CodeReference> decode_reference(const Digest& digest, std::string_view record);

std::string_view digest_key(const Digest& digest);  // points into it

// Key of a superseded revision.
std::string revision_key(std::string_view id, std::uint64_t revision);

}  // namespace wasm_server
