#pragma once

// The functions of WASI preview 1 and of its older form, `wasi_unstable`, as tables: names, types,
// and what each argument may be.

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/wasi/wasi_call.h"

namespace wasm_server::wasi {

// Sync functions answer at once; async ones may leave the guest suspended (WasiState::wait()).
enum class Mode : std::uint8_t { kSync, kAsync };

inline constexpr std::size_t kMaxParams = 9;

struct Definition {
  std::string_view name;
  // One letter a parameter. `i` and `I` are an i32 and an i64 of any value; the others are the
  // enumerations and flags of wasi_functions.cc.
  std::string_view params;
  Function function;
  Mode mode = Mode::kSync;
  bool returns_errno = true;
  Version version = Version::kPreview1;
};

// The functions of one version, for all time.
std::span<const Definition> definitions(Version version);

// The name that guests import the version's functions from.
std::string_view module_name(Version version);

bool is_i64(char param);

// Whether each argument is a value that its parameter's type has. Asked before anything else; of a
// call where one is not, the guest is told kInval.
bool arguments_fit(const Definition& definition, std::span<const std::uint64_t> args);

}  // namespace wasm_server::wasi
