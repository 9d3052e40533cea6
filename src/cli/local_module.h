#pragma once

#include <string>
#include <string_view>

#include "cli/failure.h"

namespace wasm_server::cli {

// Code that the client has.
struct LocalModule {
  std::string file;    // as it was given; "-": standard input
  std::string bytes;   // binary, or WebAssembly text
  std::string type;    // the media type that it is sent with
  std::string digest;  // "sha256:..." of the bytes

  bool is_binary() const { return type == "application/wasm"; }
};

// All of a file, or with "-" of standard input.
Outcome<std::string> read_file(const std::string& file);

// Of such a file.
Outcome<LocalModule> read_module(const std::string& file);

// "./build/add.wasm" -> "add"; empty when that is no id, and for standard input.
std::string id_of_file(std::string_view file);

// Whether a word names a file and not a module: it has a slash in it.
bool names_file(std::string_view word);

}  // namespace wasm_server::cli
