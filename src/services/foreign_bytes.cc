#include "services/foreign_bytes.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"

namespace wasm_server {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "\0asm"sv;
constexpr std::size_t kHeader = 8;  // the magic number and the version
constexpr std::string_view kCoreVersion = "\1\0\0\0"sv;
constexpr std::string_view kComponentVersion = "\x0d\0\1\0"sv;

struct Signature {
  std::string_view start;
  std::string_view meaning;
};

constexpr Signature kBinary[] = {
    {"\x1f\x8b"sv, "gzip data: send it with Content-Encoding: gzip, or unpack it first"},
    {"\x28\xb5\x2f\xfd"sv, "zstd data: send it with Content-Encoding: zstd, or unpack it first"},
    {"PK\3\4"sv, "a zip archive: unpack it and send the .wasm file in it"},
    {"BZh"sv, "bzip2 data: unpack it first"},
    {"\xfd"
     "7zXZ\0"sv,
     "xz data: unpack it first"},
    {"\x7f"
     "ELF"sv,
     "an ELF program, for the machine it was built on: build it for wasm32-wasip1"},
    {"MZ"sv, "a Windows program: build it for wasm32-wasip1"},
    {"\xcf\xfa\xed\xfe"sv, "a Mach-O program: build it for wasm32-wasip1"},
    {"\xce\xfa\xed\xfe"sv, "a Mach-O program: build it for wasm32-wasip1"},
    {"\xca\xfe\xba\xbe"sv, "a Mach-O program or a Java class: build it for wasm32-wasip1"},
    {"!<arch>\n"sv, "a static library: link it to a module"},
    {"BC\xc0\xde"sv, "LLVM bitcode: compile it to a module"},
};

// Of text behind its first white space.
constexpr Signature kText[] = {
    {"(module", "WebAssembly text: send it with Content-Type: text/wat"},
    {"(component", "WebAssembly text: send it with Content-Type: text/wat"},
    {"(;", "WebAssembly text, it seems: send it with Content-Type: text/wat"},
    {";;", "WebAssembly text, it seems: send it with Content-Type: text/wat"},
    {"AGFzbQ", "base64 of a module: decode it, or send it as \"wasm\" of a JSON object"},
    {"data:application/wasm", "a data URL: send the bytes that it stands for"},
    {"0061736d", "hexadecimal digits of a module: send the bytes that they stand for"},
    {"version https://git-lfs", "a pointer of Git LFS: fetch the file itself (git lfs pull)"},
    {"<", "HTML or XML, perhaps an error page that was downloaded instead of the module"},
    {"{", "JSON, it seems: send it with Content-Type: application/json"},
    {"#!", "a script: only WebAssembly is taken here"},
};

std::string describe_binary(ByteView bytes) {
  const auto starts = [bytes](const Signature& one) { return bytes.starts_with(one.start); };
  const auto* const found = std::ranges::find_if(kBinary, starts);
  return found == std::end(kBinary) ? "" : std::string(found->meaning);
}

// Enough of a text to tell that it is one.
std::string_view beginning(ByteView bytes) {
  constexpr std::size_t kLooked = 512;
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);  // a byte order mark
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  return utf8_prefix(bytes, kLooked);
}

std::string describe_text(ByteView bytes) {
  const std::string_view text = beginning(bytes);
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  };
  if (text.empty() || !is_utf8(text) || std::ranges::any_of(text, is_control)) return {};
  const auto starts = [text](const Signature& one) { return text.starts_with(one.start); };
  const auto* const found = std::ranges::find_if(kText, starts);
  return std::string(found == std::end(kText) ? "text, not a module in the binary format"
                                              : found->meaning);
}

std::string describe_version(ByteView bytes) {
  const ByteView version = bytes.substr(kMagic.size(), kCoreVersion.size());
  if (version == kCoreVersion || version == kComponentVersion) return {};
  if (bytes.size() < kHeader) return "the beginning of a module, cut off";
  return "WebAssembly of another version than modules or components have";
}

}  // namespace

bool begins_as_module(ByteView bytes) { return bytes.starts_with(kMagic); }

std::string describe_foreign_bytes(ByteView bytes) {
  if (bytes.empty()) return "empty: nothing was sent";
  if (begins_as_module(bytes)) return describe_version(bytes);
  std::string binary = describe_binary(bytes);
  return binary.empty() ? describe_text(bytes) : binary;
}

}  // namespace wasm_server
