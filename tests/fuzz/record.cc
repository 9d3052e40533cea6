// Any bytes as a record of the database. What is decoded and encoded again must decode to the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "store/module_record.h"
#include "store/token_record.h"

namespace wasm_server {
namespace {

void run(std::string_view record) {
  (void)decode_record_head("id", record);
  if (const auto reference = decode_reference(Digest{}, record)) {
    (void)encode_reference(*reference);
  }
  if (const auto token = decode_token_record("id", record)) {
    FUZZ_CHECK(decode_token_record("id", encode_token_record(*token)) == *token);
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
  wasm_server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
