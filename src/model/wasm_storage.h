#pragma once

// What is stored about a module. These are values: they know nothing of bytes on disk
// (store/record.h) or JSON (handlers/modules/wasm_json.h).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"
#include "model/limits.h"
#include "model/module_info.h"

namespace wasm_server {

using StringMap = std::map<std::string, std::string>;

struct WasmMetaData {
  std::string id;
  std::uint64_t revision = 1;
  Digest digest;
  std::uint64_t size = 0;         // of the code, in bytes
  std::string run_function;       // empty: none
  std::vector<WasmParam> param;   // of run_function, as the client named them
  std::vector<ValueType> result;  // of run_function
  SharedModuleInfo info;
  StringMap labels;
  ModuleLimits limits;
  std::vector<std::string> args;
  StringMap env;
  StringMap secrets;  // variables of the environment whose values are secrets -> their names
  // Of a command: media types that a browser would run, which its raw output may be given as.
  std::vector<std::string> output_types;
  std::vector<std::string> egress;  // of a component: hosts that it may send requests to
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;  // never less than that of the revision before
  // No other revision ever has it, be it of a module that is made again under the same id.
  std::uint64_t tag = 0;

  friend bool operator==(const WasmMetaData&, const WasmMetaData&) = default;
};

// The revision's tag as text: what all its entity tags begin with (handlers/modules/entity_tag.h).
std::string etag_of(const WasmMetaData& meta_data);

struct WasmStorage {
  Bytes wasm;
  WasmMetaData meta_data;
};

}  // namespace wasm_server
