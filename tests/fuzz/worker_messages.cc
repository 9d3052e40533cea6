// Any bytes as a message between the server and a compile worker. What is taken is encoded again to
// what decodes to the same; a reason is one that a client may see.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/utf8.h"
#include "check.h"
#include "compile/worker/protocol.h"

namespace wasm_server {
namespace {

void run(std::string_view message) {
  if (const auto setup = decode_setup(message)) {
    FUZZ_CHECK(decode_setup(encode_setup(*setup)) == setup);
  }
  const auto reply = decode_reply(message);
  if (!reply) return;
  const auto* const error = std::get_if<Error>(&*reply);
  if (error == nullptr) {
    FUZZ_CHECK(message == encode_done());
    return;
  }
  FUZZ_CHECK(error->message.size() <= kMaxReason && is_utf8(error->message));
  const auto again = decode_reply(encode_failed(*error));
  FUZZ_CHECK(again && std::get<Error>(*again).message == error->message &&
             std::get<Error>(*again).code == error->code);
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wasm_server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
