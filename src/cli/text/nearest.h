#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wasm_server::cli {

// How many letters have to be put in, left out, exchanged or swapped with their neighbour to make
// one of the other (optimal string alignment distance).
std::size_t edit_distance(std::string_view left, std::string_view right);

// The word that `mistyped` was probably meant to be: at most a third of its letters differ, or it
// is the only one that begins so. Empty when none is near.
std::optional<std::string> nearest(std::string_view mistyped, std::span<const std::string> words);

// `; did you mean "ls"?`, or nothing.
std::string did_you_mean(std::string_view mistyped, std::span<const std::string> words);

}  // namespace wasm_server::cli
