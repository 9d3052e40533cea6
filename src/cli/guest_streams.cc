#include "cli/guest_streams.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ranges>
#include <span>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/text.h"
#include "cli/guest_output.h"

namespace wasm_server::cli {
namespace {

std::string query_of(const GuestCall& call) {
  std::string query;
  const auto add = [&query](const char* name, const std::string& value) {
    if (!query.empty()) query += '&';
    query.append(name).append("=").append(url_encode(value));
  };
  for (const std::string& word : call.words) add("arg", word);
  for (const auto& [name, value] : call.env)
    add("env", std::string(name).append("=").append(value));
  if (!call.function.empty()) add("function", call.function);
  return query;
}

Outcome<std::size_t> read_input(std::span<char> out) {
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, out.data(), out.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) {
      return failure(kLocalTrouble, "standard input: " + std::string(std::strerror(errno)));
    }
  }
}

// From a terminal nothing is sent: the server would wait for its end before it starts the guest.
void add_input(HttpRequest& request, const ModuleView& module) {
  if (module.reads_input && ::isatty(STDIN_FILENO) != 1) {
    request.read_body = read_input;
  } else {
    request.body = std::string_view{};
  }
}

// It comes in several fields, which a proxy may have made one of.
std::string standard_error(const HttpAnswer& answer) {
  std::string bytes;
  for (const auto& [name, value] : answer.headers) {
    if (name != "wasm-stderr") continue;
    for (const auto piece : std::views::split(std::string_view(value), ',')) {
      bytes += decode_base64(trim(std::string_view(piece.begin(), piece.end()))).value_or("");
    }
  }
  return bytes;
}

Outcome<int> streamed_end(ApiClient& api, const Terminal& terminal, const HttpAnswer& answer) {
  const auto code = parse_unsigned(answer.header("wasm-exit-code"));
  if (answer.cut_off) {
    return failure(kGuestFailed,
                   "the guest did not come to its end: it trapped, met a limit or its deadline, or "
                   "the connection broke; --json tells which");
  }
  if (!code) return print_answer(api, terminal, answer, {});
  terminal.write_error(standard_error(answer));
  return process_code(*code);
}

}  // namespace

HttpRequest command_request(const ModuleView& module, const GuestCall& call) {
  HttpRequest request = call_request(module, call, query_of(call));
  request.headers.push_back("Content-Type: application/octet-stream");
  if (!call.json) {
    request.headers.insert(request.headers.end(), {"Accept: application/octet-stream",
                                                   "TE: trailers", "Wasm-Stderr: yes"});
  }
  return request;
}

Outcome<int> run_with_streams(ApiClient& api, const Terminal& terminal, const ModuleView& module,
                              const GuestCall& call) {
  HttpRequest request = command_request(module, call);
  add_input(request, module);
  if (!call.json)
    request.on_body = [&terminal](std::string_view bytes) { return terminal.write(bytes); };
  TRY_ASSIGN(const HttpAnswer answer, api.send(request));
  return call.json ? print_answer(api, terminal, answer, {true, {}})
                   : streamed_end(api, terminal, answer);
}

}  // namespace wasm_server::cli
