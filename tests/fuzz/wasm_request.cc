// Any bytes as the JSON form of a WasmRequest: refused with a reason, or JSON to another parser
// too. What is taken is then checked as a save and as a modification.

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/json.hpp>

#include "check.h"
#include "handlers/modules/wasm_request_json.h"
#include "services/job_builder.h"

using wasm_server::JobType;

namespace {

void check_as(JobType type, const wasm_server::WasmRequest& request) {
  const auto checked = wasm_server::check_request(type, request, {});
  FUZZ_CHECK(checked || !checked.error().message.empty());
}

}  // namespace

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
  check_as(JobType::SAVE, *request);
  check_as(JobType::MODIFY, *request);
  return 0;
}
