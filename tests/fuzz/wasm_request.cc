// Any bytes as the JSON form of a WasmRequest: refused with a reason, or JSON to another parser
// too.

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/json.hpp>

#include "check.h"
#include "handlers/wasm_request_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto request = wasm_server::parse_wasm_request_json(body);
  if (!request) {
    FUZZ_CHECK(!request.error().message.empty());
    return 0;
  }
  boost::json::error_code ec;
  boost::json::parse(body, ec);
  FUZZ_CHECK(!ec);
  return 0;
}
