#include "testing/hostile_modules.h"

#include <string>
#include <string_view>

#include "base/byte_codec.h"

namespace wasm_server {

namespace {

void section(std::string& module, std::uint8_t id, std::string_view content) {
  ByteWriter writer(module);
  writer.u8(id);
  writer.text(content);
}

std::string counted(std::uint64_t count, std::string_view items) {
  std::string content;
  ByteWriter writer(content);
  writer.varint(count);
  writer.raw(items);
  return content;
}

std::string repeated(std::uint32_t times, std::string_view what) {
  std::string all;
  all.reserve(times * what.size());
  for (std::uint32_t i = 0; i < times; ++i) all += what;
  return all;
}

// Functions without parameters and results, of that body.
Bytes module_of(std::uint32_t functions, std::string_view body) {
  using namespace std::string_view_literals;
  std::string code;
  ByteWriter(code).text(body);
  Bytes module("\0asm\1\0\0\0"sv);
  section(module, 1, "\1\x60\0\0"sv);
  section(module, 3, counted(functions, repeated(functions, "\0"sv)));
  section(module, 7, "\1\1f\0\0"sv);
  section(module, 10, counted(functions, repeated(functions, code)));
  return module;
}

}  // namespace

Bytes module_of_locals(std::uint32_t functions, std::uint32_t locals) {
  std::string body = counted(1, "");
  ByteWriter writer(body);
  writer.varint(locals);
  writer.u8(0x7E);  // i64
  writer.u8(0x0B);  // end
  return module_of(functions, body);
}

Bytes module_of_nested_loops(std::uint32_t loops) {
  const std::string opened = repeated(loops, "\x03\x40");  // loop without a result
  return module_of(1, counted(0, opened + repeated(loops + 1, "\x0B")));
}

}  // namespace wasm_server
