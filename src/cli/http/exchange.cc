#include "cli/http/exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace wasm_server::cli {
namespace {

constexpr long kConnectMillis = 10'000;

bool is_success(unsigned status) { return status >= 200 && status < 300; }

// Such a server is this machine's; a proxy of the environment would reach its own.
bool is_loopback(std::string_view url) {
  const std::string host = to_lower(url.substr(url.find("://") + 3));
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

bool carries_body(const HttpRequest& request) { return request.body || request.read_body; }

}  // namespace

HttpExchange::HttpExchange(const CurlLibrary& curl, CURL* easy, const ServerAddress& server,
                           const HttpRequest& request)
    : curl_(curl), easy_(easy), server_(server), request_(request) {}

HttpExchange::~HttpExchange() {
  curl_.easy_reset(easy_);  // it has pointers into this object; the connection is kept
  curl_.list_free(headers_);
}

Outcome<HttpAnswer> HttpExchange::perform() {
  set_up();
  return ended(curl_.perform(easy_));
}

void HttpExchange::set_up() {
  error_text_.assign(CURL_ERROR_SIZE, '\0');
  curl_.set(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_.set(easy_, CURLOPT_URL, (server_.url + request_.target).c_str());
  curl_.set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_.set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_.set(easy_, CURLOPT_NOSIGNAL, 1L);  // `bench` has a thread for each connection
  curl_.set(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_.set(easy_, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_.set(easy_, CURLOPT_CONNECTTIMEOUT_MS, kConnectMillis);
  curl_.set(easy_, CURLOPT_TIMEOUT_MS, request_.within_millis);
  curl_.set(easy_, CURLOPT_LOW_SPEED_LIMIT, request_.stalled_after == 0 ? 0L : 1L);
  curl_.set(easy_, CURLOPT_LOW_SPEED_TIME, request_.stalled_after);
  curl_.set(easy_, CURLOPT_HEADERFUNCTION, &HttpExchange::take_header);
  curl_.set(easy_, CURLOPT_HEADERDATA, this);
  curl_.set(easy_, CURLOPT_WRITEFUNCTION, &HttpExchange::take_body);
  curl_.set(easy_, CURLOPT_WRITEDATA, this);
  curl_.set(easy_, CURLOPT_NOPROGRESS, request_.on_sent ? 0L : 1L);
  curl_.set(easy_, CURLOPT_XFERINFOFUNCTION, &HttpExchange::take_progress);
  curl_.set(easy_, CURLOPT_XFERINFODATA, this);
  if (is_loopback(server_.url)) curl_.set(easy_, CURLOPT_PROXY, "");
  if (!server_.socket.empty()) curl_.set(easy_, CURLOPT_UNIX_SOCKET_PATH, server_.socket.c_str());
  if (!server_.ca_file.empty()) curl_.set(easy_, CURLOPT_CAINFO, server_.ca_file.c_str());
  set_up_body();
  set_up_headers();
}

void HttpExchange::set_up_body() {
  if (carries_body(request_)) {
    unsent_ = request_.body.value_or(std::string_view{});
    curl_.set(easy_, CURLOPT_UPLOAD, 1L);
    curl_.set(easy_, CURLOPT_READFUNCTION, &HttpExchange::read);
    curl_.set(easy_, CURLOPT_READDATA, this);
    const auto size = request_.body ? static_cast<curl_off_t>(unsent_.size()) : curl_off_t{-1};
    curl_.set(easy_, CURLOPT_INFILESIZE_LARGE, size);
  }
  curl_.set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method == "HEAD") curl_.set(easy_, CURLOPT_NOBODY, 1L);
}

void HttpExchange::set_up_headers() {
  for (const std::string& line : request_.headers) add_header(line);
  // A refusal is read all the same, and a wait for 100 would cost small uploads a round trip.
  add_header("Expect:");
  add_header("User-Agent: wasm-server-cli");
  if (!server_.token.empty()) add_header("Authorization: Bearer " + server_.token);
  curl_.set(easy_, CURLOPT_HTTPHEADER, headers_);
}

void HttpExchange::add_header(std::string_view line) {
  headers_ = curl_.list_append(headers_, std::string(line).c_str());
}

std::size_t HttpExchange::read(char* out, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  if (exchange.request_.read_body) {
    Outcome<std::size_t> got = exchange.request_.read_body(std::span(out, size * count));
    if (got) return *got;
    exchange.own_error_ = std::move(got).error();
    return CURL_READFUNC_ABORT;
  }
  const std::size_t bytes = std::min(size * count, exchange.unsent_.size());
  if (bytes > 0) std::memcpy(out, exchange.unsent_.data(), bytes);
  exchange.unsent_.remove_prefix(bytes);
  return bytes;
}

std::size_t HttpExchange::take_header(const char* data, std::size_t size, std::size_t count,
                                      void* self) {
  static_cast<HttpExchange*>(self)->take_header_line(std::string_view(data, size * count));
  return size * count;
}

void HttpExchange::take_header_line(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/"))
    answer_.headers.clear();  // what came before was a 100 or a proxy's
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return;
  answer_.headers.emplace_back(to_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
}

std::size_t HttpExchange::take_body(const char* data, std::size_t size, std::size_t count,
                                    void* self) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  Outcome<void> taken = exchange.take_piece(std::string_view(data, size * count));
  if (taken) return size * count;
  exchange.own_error_ = std::move(taken).error();
  return size * count + 1;  // ends the transfer, whatever the size was
}

Outcome<void> HttpExchange::take_piece(std::string_view bytes) {
  long status = 0;
  curl_.info(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (request_.on_body && is_success(static_cast<unsigned>(status))) return request_.on_body(bytes);
  if (answer_.body.size() + bytes.size() > kMaxAnswerBytes) {
    return failure(kUnreachable, server_.url + " answers more than " +
                                     std::to_string(kMaxAnswerBytes >> 20) +
                                     " MiB where that cannot be");
  }
  answer_.body += bytes;
  return {};
}

int HttpExchange::take_progress(void* self, curl_off_t /*total_in*/, curl_off_t /*in*/,
                                curl_off_t /*total_out*/, curl_off_t out) {
  static_cast<HttpExchange*>(self)->request_.on_sent(static_cast<std::uint64_t>(out));
  return 0;
}

Outcome<HttpAnswer> HttpExchange::ended(CURLcode code) {
  if (own_error_) return std::unexpected{*std::move(own_error_)};
  long status = 0;
  curl_.info(easy_, CURLINFO_RESPONSE_CODE, &status);
  answer_.status = static_cast<unsigned>(status);
  if (code == CURLE_OK) return std::move(answer_);
  // The body of an answer that was being handed on: who asked for it has what came.
  const bool began = is_success(answer_.status) && request_.on_body;
  const bool broke =
      code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
  if (began && broke) {
    answer_.cut_off = true;
    return std::move(answer_);
  }
  return failure(kUnreachable, no_answer(code));
}

std::string HttpExchange::no_answer(CURLcode code) const {
  std::string why = error_text_.substr(0, error_text_.find('\0'));
  if (why.empty()) why = curl_.error_text(code);
  std::string text = server_.url + ": " + why;
  if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
    text += "; is the server running? --server or WASM_SERVER_URL names another";
  } else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) {
    text += "; a server is named like http://127.0.0.1:8080";
  }
  return text;
}

}  // namespace wasm_server::cli
