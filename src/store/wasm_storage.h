#pragma once

// What is stored about a module. These are values: they know nothing of bytes on disk
// (store/record.h) or JSON (handlers/wasm_json.h).

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"

namespace wasm_server {

enum class ValueType : std::uint8_t { kI32, kI64, kF32, kF64, kV128, kFuncref, kExternref, kOther };

// "i32", ..., "externref"; kOther (a reference type that has no name in the contract) is "ref".
const char* to_text(ValueType type);
std::optional<ValueType> value_type_from_text(std::string_view text);

struct WasmParam {
  std::string name;
  ValueType param_type = ValueType::kI32;

  friend bool operator==(const WasmParam&, const WasmParam&) = default;
};

struct FunctionInfo {
  std::string name;
  std::vector<WasmParam> param;
  std::vector<ValueType> result;

  friend bool operator==(const FunctionInfo&, const FunctionInfo&) = default;
};

struct ImportInfo {
  std::string module;
  std::string name;

  friend bool operator==(const ImportInfo&, const ImportInfo&) = default;
};

enum class ModuleKind : std::uint8_t { kModule, kCommand };

const char* to_text(ModuleKind kind);
std::optional<ModuleKind> module_kind_from_text(std::string_view text);

// What a module's code says of itself; a pure function of its bytes (engine/inspect.h).
struct ModuleInfo {
  ModuleKind kind = ModuleKind::kModule;
  std::vector<FunctionInfo> functions;  // exported ones, in the order of the export section
  std::vector<ImportInfo> imports;

  const FunctionInfo* find_function(std::string_view name) const;

  friend bool operator==(const ModuleInfo&, const ModuleInfo&) = default;
};

// A ModuleInfo that all who have it share, because it is part of every job, record and answer. A
// value like the one in it, which is never changed.
class SharedModuleInfo {
 public:
  SharedModuleInfo() = default;
  SharedModuleInfo(ModuleInfo info)  // NOLINT(google-explicit-constructor): it is the same value
      : info_(std::make_shared<const ModuleInfo>(std::move(info))) {}

  const ModuleInfo& operator*() const;
  const ModuleInfo* operator->() const { return &**this; }

  friend bool operator==(const SharedModuleInfo& left, const SharedModuleInfo& right) {
    return left.info_ == right.info_ || *left == *right;
  }

 private:
  std::shared_ptr<const ModuleInfo> info_;  // null: that of a module without exports and imports
};

// About the bytes of memory that it takes.
std::size_t weight_of(const ModuleInfo& info);

// The contract's rule for a module whose client named no function: "_start", or else the only
// exported function, or else none (empty).
std::string default_function(const ModuleInfo& info);

// What a module asked for. What it did not ask for follows the operator's defaults, which may
// change between starts.
struct ModuleLimits {
  std::optional<std::uint64_t> timeout_ms;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> output_bytes;
  std::optional<std::uint64_t> max_concurrency;  // 0: no cap of its own
  std::optional<std::uint64_t> max_queue;        // 0: no cap of its own

  friend bool operator==(const ModuleLimits&, const ModuleLimits&) = default;
};

using StringMap = std::map<std::string, std::string>;

struct WasmMetaData {
  std::string id;
  std::uint64_t revision = 1;
  Digest digest;
  std::uint64_t size = 0;
  std::string run_function;       // empty: none
  std::vector<WasmParam> param;   // of run_function, as the client named them
  std::vector<ValueType> result;  // of run_function
  SharedModuleInfo info;
  StringMap labels;
  ModuleLimits limits;
  std::vector<std::string> args;
  StringMap env;
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;  // never less than that of the revision before
  std::string last_job_id;    // the job that made this revision; not shown to clients

  friend bool operator==(const WasmMetaData&, const WasmMetaData&) = default;
};

// Unquoted: "<revision>-<digest in hex>".
std::string etag_of(const WasmMetaData& meta_data);

struct WasmStorage {
  Bytes wasm;
  WasmMetaData meta_data;
};

}  // namespace wasm_server
