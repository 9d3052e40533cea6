#pragma once

// What a module's code says of itself; a pure function of its bytes (engine/inspect/inspect.h).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/value_type.h"

namespace wasm_server {

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

// What has to be offered. Of a component: an interface ("wasi:cli/environment@0.2.3", without a
// name), or what is imported beside interfaces (a name, without a module).
struct ImportInfo {
  std::string module;
  std::string name;

  friend bool operator==(const ImportInfo&, const ImportInfo&) = default;
};

enum class ModuleKind : std::uint8_t {
  kModule,
  kCommand,    // of WASI: a module with `_start`, or a component that exports wasi:cli/run
  kComponent,  // other exports, typed by WIT
  kHttp,       // a component that exports a handler of wasi:http
};

const char* to_text(ModuleKind kind);
std::optional<ModuleKind> module_kind_from_text(std::string_view text);

struct ModuleInfo {
  ModuleKind kind = ModuleKind::kModule;
  std::vector<FunctionInfo> functions;  // exported ones, in the order of the export sections
  std::vector<ImportInfo> imports;
  // The CPU time that compiling it is expected to take, in microseconds (model/module_cost.h); 0 is
  // not known.
  std::uint64_t compile_us = 0;
  // What every instance has from the start, of all memories and of all tables together.
  std::uint64_t memory_bytes = 0;
  std::uint64_t table_elements = 0;

  // Null when the module exports no such function. Linear in the number of functions. A component's
  // are found by their other names as well (model/component_names.h).
  const FunctionInfo* find_function(std::string_view name) const;

  bool is_component() const;

  friend bool operator==(const ModuleInfo&, const ModuleInfo&) = default;
};

// A ModuleInfo that everybody who has it shares, because it is part of every job, record and
// answer. A value like the one in it, which never changes.
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

// The memory that it takes, in bytes, approximately.
std::size_t weight_of(const ModuleInfo& info);

// Whether a client can call it: nothing that it takes or returns lives in an instance only.
bool can_be_called(const FunctionInfo& function);

// Whether calling that function of the module is running a command.
bool runs_command(const ModuleInfo& info, const FunctionInfo& function);

// The contract's rule for a module whose client named no function: the one that runs a command, or
// else the only exported function that can be called, or else none (empty). None of a handler.
std::string default_function(const ModuleInfo& info);

}  // namespace wasm_server
