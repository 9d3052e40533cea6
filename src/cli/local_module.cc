#include "cli/local_module.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/descriptor.h"
#include "base/digest.h"
#include "base/id.h"

namespace wasm_server::cli {
namespace {

constexpr std::size_t kPiece = 1U << 20;
constexpr std::size_t kMaxBytes = 1U << 30;  // far more than any server takes

std::unexpected<Failure> unreadable(const std::string& file, const std::string& why) {
  return failure(kLocalTrouble, (file == "-" ? "standard input" : file) + ": " + why);
}

Outcome<std::string> read_all(int descriptor, const std::string& file) {
  std::string bytes;
  while (true) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kPiece);
    const ssize_t got = ::read(descriptor, bytes.data() + before, kPiece);
    bytes.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return bytes;
    if (got < 0 && errno != EINTR) return unreadable(file, std::strerror(errno));
    if (bytes.size() > kMaxBytes) return unreadable(file, "is larger than 1 GiB");
  }
}

// What is neither is named by the server, which knows what people send by mistake.
std::string type_of(std::string_view bytes, std::string_view file) {
  using std::string_view_literals::operator""sv;
  if (bytes.starts_with("\0asm"sv)) return "application/wasm";
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const std::string_view text = first == bytes.npos ? std::string_view{} : bytes.substr(first);
  const bool is_text = text.starts_with("(module") || text.starts_with(";;") ||
                       text.starts_with("(;") || text.starts_with("(component");
  return is_text || file.ends_with(".wat") ? "text/wat" : "application/octet-stream";
}

}  // namespace

Outcome<std::string> read_file(const std::string& file) {
  if (file == "-") return read_all(STDIN_FILENO, file);
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0) return unreadable(file, std::strerror(errno));
  return read_all(opened.get(), file);
}

Outcome<LocalModule> read_module(const std::string& file) {
  TRY_ASSIGN(std::string bytes, read_file(file));
  if (bytes.empty()) return unreadable(file, "is empty");
  LocalModule module{.file = file, .bytes = {}, .type = type_of(bytes, file), .digest = {}};
  module.digest = "sha256:" + to_hex(sha256(bytes));
  module.bytes = std::move(bytes);
  return module;
}

std::string id_of_file(std::string_view file) {
  const std::string stem = std::filesystem::path(file).stem().string();
  return is_valid_id(stem) ? stem : "";
}

bool names_file(std::string_view word) { return word.find('/') != word.npos; }

}  // namespace wasm_server::cli
