#pragma once

// What a client asks to be written, whatever the body type it came in. A field that the client left
// out is empty.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "jobs/preconditions.h"
#include "model/quota.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// A parameter of `function` as the client names it; the type may be left out.
struct ParamName {
  std::string name;
  std::optional<ValueType> param_type;

  friend bool operator==(const ParamName&, const ParamName&) = default;
};

struct WasmRequest {
  std::optional<Bytes> wasm;  // a binary module
  std::optional<Bytes> text;  // or else a module in the text format
  std::optional<std::string> function;
  std::optional<std::string> id;
  std::optional<std::vector<ParamName>> param;
  std::optional<StringMap> labels;
  std::optional<ModuleLimits> limits;
  std::optional<StringMap> env;
  std::optional<StringMap> secrets;  // goes with env: variables whose values are secrets
  std::optional<std::vector<std::string>> args;
  std::optional<std::vector<std::string>> output_types;
  std::optional<std::vector<std::string>> egress;
  std::optional<std::uint64_t> revision;  // PUT only: roll back to this one
  Preconditions preconditions{};
  std::optional<PrefixQuota> quota{};  // of the one who asks
};

}  // namespace wasm_server
