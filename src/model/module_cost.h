#pragma once

// What compiling a module will take, as far as its code tells before it is compiled: counted while
// it is validated (engine/inspect/inspect.h).

#include <chrono>
#include <cstdint>

namespace wasm_server {

struct ModuleCost {
  std::uint64_t functions = 0;  // with code of their own
  std::uint64_t types = 0;
  std::uint64_t element_segments = 0;
  std::uint64_t code_bytes = 0;
  std::uint64_t operators = 0;
  std::uint64_t locals = 0;  // of all functions, parameters too
  // Handed over by calls, branches and blocks: what lies on the operand stack there. And the
  // parameters and results of each type.
  std::uint64_t values = 0;
  // Over all loops, in how many loops each is, itself included.
  std::uint64_t loop_depths = 0;
  // Over all functions, the square of how often values from several places meet: at blocks, and for
  // a local that is set, at each loop around it.
  std::uint64_t joins_squared = 0;

  friend bool operator==(const ModuleCost&, const ModuleCost&) = default;
};

// The CPU time that the optimising compiler takes for it, about: within a factor of two on modules
// of toolchains. What is made to be expensive may take several times as much.
std::chrono::microseconds expected_compile_time(const ModuleCost& cost);

}  // namespace wasm_server
