// Any bytes as a record of the database. Behind a right checksum too (first byte odd), which
// chance would never find. What is decoded and encoded again must decode to the same.

#include "store/record.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <xxhash.h>

#include "check.h"

namespace wasm_server {
namespace {

std::string sealed(std::string_view bytes) {
  std::string record(1, '\1');
  const std::uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  for (int shift = 0; shift < 64; shift += 8) record += static_cast<char>(checksum >> shift);
  return record + std::string(bytes);
}

void run(bool seal, std::string_view bytes) {
  const std::string record = seal ? sealed(bytes) : std::string(bytes);
  (void)decode_record_head("id", record);
  if (const auto reference = decode_reference(Digest{}, record)) {
    (void)encode_reference(*reference);
  }
  const auto decoded = decode_record("id", record);
  if (!decoded) {
    FUZZ_CHECK(decoded.error().code == ErrorCode::kInternal);
    return;
  }
  std::string encoded;
  encode_record(*decoded, encoded);
  const auto again = decode_record("id", encoded);
  FUZZ_CHECK(again && *again == *decoded);
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) {
    wasm_server::run((data[0] & 1) != 0, {reinterpret_cast<const char*>(data) + 1, size - 1});
  }
  return 0;
}
