#pragma once

// Whether bytes are a module or a component that this server can run, and what they say: exported
// functions with their types, parameter names (of a module: the "name" custom section), imports,
// kind, and what it costs to compile. One pass of the engine's own validator, on the calling
// thread, which takes time in proportion to the size. Nothing here needs an engine.

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "engine/inspect/report.h"

namespace wasm_server {

// The most that a module may have, or all modules of a component together; what has more is
// refused. It would take far more to compile, or
// to keep, than to write: 100,000 empty functions (400 KB) take 700 MB, as many element segments
// 1 GB, 50,000 types of functions 400 MB, and all modules' types stand in one registry, whose lock
// calls wait for while a module's are added to it. Pyodide has 16,958 functions, 252 types and one
// element segment; clang 133,398 functions.
struct ModuleBounds {
  static constexpr std::uint32_t kMaxFunctions = 1'000'000;  // the validator's own

  std::uint32_t functions = 100'000;  // without imported ones
  std::uint32_t types = 10'000;
  std::uint32_t element_segments = 10'000;
  // Without imported ones; the engine's pool has room for as many in each instance. Of a component,
  // in all instances of all its modules.
  std::uint32_t memories = 16;
  std::uint32_t tables = 16;
  // Parameters and results of all exported functions: one type with many can be exported many
  // times, at a few bytes each. About 10 MB, far above what toolchains make. A component's types
  // have parts, which count as well.
  std::uint32_t exported_values = 262'144;

  friend bool operator==(const ModuleBounds&, const ModuleBounds&) = default;
};

// kInvalidModule with the reason in one line, and its place in the bytes where it has one.
Result<InspectedModule> inspect(std::string_view wasm, const ModuleBounds& bounds = {});

// The same for another process: decode_report() gives what inspect() would have.
Report make_report(std::string_view wasm, const ModuleBounds& bounds);

// How many of the bytes have to be looked into: all but those of data and custom sections, which
// are only passed over. Of what is not of the binary format, all.
std::size_t bytes_to_validate(std::string_view wasm);

}  // namespace wasm_server
