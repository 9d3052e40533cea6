// Any bytes as a backup, and as the frames of one whose checksums are right. Nothing is read beyond
// the input, and what is taken to be whole is taken so whatever the pieces it comes in.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "backup/backup_reader.h"
#include "check.h"
#include "store/backup/backup_audit.h"

namespace wasm_server {
namespace {

bool read(std::string_view bytes, std::size_t piece) {
  BackupAudit audit;
  BackupReader reader{audit};
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (!reader.push(bytes.substr(at, piece))) return false;
    FUZZ_CHECK(reader.offset() <= at + piece);
  }
  const bool whole = reader.finish().has_value();
  (void)std::move(audit).report();
  return whole;
}

// Frames of the input: a kind, a length and so many bytes.
std::string with_checksums(std::string_view input) {
  const BackupHead head;
  std::string bytes = backup_first_line();
  append_frame(bytes, FrameKind::kHead, encode_head(head), bytes.size(), 0);
  while (input.size() > 1) {
    const auto kind = static_cast<FrameKind>(input[0] & 7);
    const std::size_t size =
        std::min<std::size_t>(static_cast<std::uint8_t>(input[1]), input.size() - 2);
    append_frame(bytes, kind, input.substr(2, size), bytes.size(), seed_of(head.id));
    input.remove_prefix(2 + size);
  }
  return bytes;
}

void run(std::string_view input) {
  FUZZ_CHECK(read(input, input.size() + 1) == read(input, 7));
  const std::string framed = with_checksums(input);
  FUZZ_CHECK(read(framed, framed.size()) == read(framed, 11));
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wasm_server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
