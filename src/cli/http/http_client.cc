#include "cli/http/http_client.h"

#include <algorithm>

#include "base/text.h"
#include "cli/http/curl_library.h"
#include "cli/http/exchange.h"

namespace wasm_server::cli {

struct HttpClient::Handle {
  explicit Handle(const CurlLibrary& library) : curl(library), easy(library.easy_init()) {}
  ~Handle() { curl.easy_cleanup(easy); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  const CurlLibrary& curl;
  CURL* const easy;
};

HttpClient::HttpClient(ServerAddress server) : server_(std::move(server)) {}

HttpClient::~HttpClient() = default;

Outcome<HttpAnswer> HttpClient::send(const HttpRequest& request) {
  if (!handle_) {
    TRY_ASSIGN(const CurlLibrary* const curl, load_curl());
    handle_ = std::make_unique<Handle>(*curl);
  }
  return HttpExchange(handle_->curl, handle_->easy, server_, request).perform();
}

std::string_view HttpAnswer::header(std::string_view name) const {
  std::string_view last;
  for (const auto& [header, value] : headers) {
    if (header == name) last = value;
  }
  return last;
}

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (ascii_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      append_hex(out, static_cast<unsigned char>(c), 2);
    }
  }
  return out;
}

}  // namespace wasm_server::cli
