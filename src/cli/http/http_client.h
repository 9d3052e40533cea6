#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/failure.h"

namespace wasm_server::cli {

struct ServerAddress {
  std::string url = "http://127.0.0.1:8080";  // http or https, without the last slash
  std::string token;                          // sent as a bearer token; empty: none
  std::string ca_file;                        // PEM; empty: the system's
  std::string socket{};                       // a local socket that it is reached by; empty: TCP
};

struct HttpRequest {
  std::string method = "GET";
  std::string target;                // path and query, encoded
  std::vector<std::string> headers;  // "Name: value"

  // What is sent: a body that the caller keeps, or one read piece by piece, whose end is a read of
  // nothing. A read that fails ends the request with that failure.
  std::optional<std::string_view> body;
  std::function<Outcome<std::size_t>(std::span<char>)> read_body;

  // Takes the body of a 2xx answer as it comes; without it the answer keeps the body.
  std::function<Outcome<void>(std::string_view)> on_body;
  // Bytes sent so far, several times a second.
  std::function<void(std::uint64_t)> on_sent;

  // Seconds without a byte in either direction after which the server counts as gone; 0: never.
  long stalled_after = 60;
  // Milliseconds that all of it may take; 0: as long as it takes.
  long within_millis = 0;
};

struct HttpAnswer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case; trailers too
  std::string body;
  bool cut_off = false;  // it ended before its end

  // The last one of that (lower case) name; empty when there is none.
  std::string_view header(std::string_view name) const;
};

// The most that an answer may hold that is kept in memory.
inline constexpr std::size_t kMaxAnswerBytes = 64U << 20;

// One server, over one connection that is kept. Follows no redirect, so a token goes nowhere else;
// proxies are taken from the environment. Used by one thread.
class HttpClient {
 public:
  explicit HttpClient(ServerAddress server);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is an answer. kUnreachable when there is none, or none that HTTP allows.
  Outcome<HttpAnswer> send(const HttpRequest& request);

  const ServerAddress& server() const { return server_; }

 private:
  struct Handle;

  const ServerAddress server_;
  std::unique_ptr<Handle> handle_;  // made by the first request
};

// Percent-encodes all that is not unreserved (RFC 3986), for a part of a path or a query.
std::string url_encode(std::string_view text);

}  // namespace wasm_server::cli
