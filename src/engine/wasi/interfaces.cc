#include "engine/wasi/interfaces.h"

#include <algorithm>
#include <cstddef>

namespace wasm_server {
namespace {

// Files, sockets and outgoing requests are there to be refused: what toolchains make imports them
// all, whether it uses them or not.
constexpr std::string_view kOffered[] = {
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
};

constexpr std::string_view kVersion = "0.2.";

// No candidate ("0.2.0-rc-2023-12-05"): those are each by themselves.
bool is_offered_version(std::string_view version) {
  if (!version.starts_with(kVersion)) return false;
  version.remove_prefix(kVersion.size());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !version.empty() && std::ranges::all_of(version.substr(0, version.find('+')), is_digit);
}

}  // namespace

bool offers_interface(std::string_view interface) {
  const std::size_t at = interface.find('@');
  return at != interface.npos && is_offered_version(interface.substr(at + 1)) &&
         std::ranges::binary_search(kOffered, interface.substr(0, at));
}

}  // namespace wasm_server
