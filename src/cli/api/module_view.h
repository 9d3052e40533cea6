#pragma once

// What a client reads of a WasmStorage without its code.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace wasm_server::cli {

struct ParamView {
  std::string name;
  std::string type;
};

struct FunctionView {
  std::string name;
  std::vector<ParamView> params;
  std::vector<std::string> results;
};

struct ModuleView {
  std::string id;
  std::string kind;
  std::string state;
  std::string state_detail;
  std::string digest;  // "sha256:..."
  std::string run_function;
  std::uint64_t revision = 0;
  std::uint64_t size = 0;
  std::string created_at;
  std::string updated_at;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::pair<std::string, std::string>> secrets;  // variables of env -> their names
  std::vector<std::pair<std::string, std::string>> limits;
  std::vector<std::string> args;
  std::vector<std::string> egress;
  std::vector<FunctionView> functions;
  bool reads_input = false;  // it imports what reads standard input
  std::string etag;          // of the answer it came in

  bool is_command() const { return kind == "command"; }
};

// Empty when that is no WasmStorage. Members that are missing or of another kind are left empty.
std::optional<ModuleView> module_view(JsonValue resource);

// "add(a: i32, b: i32) -> i32"
std::string signature(const FunctionView& function);

}  // namespace wasm_server::cli
