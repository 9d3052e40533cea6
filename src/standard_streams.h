#pragma once

namespace wasm_server {

// Opens standard input, output and error on the null device where the process was started without
// one: else the next file that is opened, of the database say, would take its number, and what is
// printed would be written into it. To be called before anything is opened. False when that cannot
// be done.
bool open_missing_streams();

}  // namespace wasm_server
